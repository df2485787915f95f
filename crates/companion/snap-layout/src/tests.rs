//! What is easier to say here than in a corpus.
