"""From files of text to sentences that TextVectorization can take."""
