"""The public UCI Online Retail data as a warehouse network: what it has is read, what it lacks is derived."""
