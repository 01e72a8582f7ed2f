"""The engines that find and rewrite a person's rows in the files of a data lake: Parquet, and JSON Lines under gzip.

They know files and keys, and neither requests nor AWS: what they read is a `Source`, what they write goes to a `Sink`.
"""
