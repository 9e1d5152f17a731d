"""Small functions of an imaginary service, each with something to make faster."""
