"""What the mall says to people: notices, and the words of its pages, in Khmer, Chinese and English."""
