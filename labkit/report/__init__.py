"""What people and programs read: values in, text and rich renderables out. Nothing here prints."""
