"""What the product must agree with, written from documents and raw input: imports neither services nor chassis."""
