//! What a key that ends in a slash asks for, and who may ask.
