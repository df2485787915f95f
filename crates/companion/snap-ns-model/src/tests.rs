//! The subtle parts.
