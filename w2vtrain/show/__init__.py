"""What people look at: pictures and the Embedding Projector."""
