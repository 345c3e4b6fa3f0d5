"""Evidence to what people look at beside a verdict: when things happened, what moved, who was killed."""
