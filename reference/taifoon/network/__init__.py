"""Section 4: messages, the envelope that they travel in, gossip and priority."""
