"""What the host reads in a guest's memory, past everything that the guest may say."""
