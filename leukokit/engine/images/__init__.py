"""What is done with each image, and how it is carried out."""
