"""What several tests need: the template as data, and AWS as moto plays it."""
