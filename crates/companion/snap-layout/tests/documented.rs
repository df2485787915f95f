//! The documentation names every rule, and no other.

use std::collections::BTreeSet;

use snap_layout::Rule;

const PAGE: &str = include_str!("../../../../docs/layouts.md");

#[test]
fn every_rule_has_its_row() {
    let section = PAGE.split("## ").find(|section| section.starts_with("The rules"));
    let rows = section.unwrap_or_default().lines().filter(|line| line.starts_with("| `"));
    let first = rows.filter_map(|row| row.split('|').nth(1));
    let named: BTreeSet<&str> = first.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    let rules: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.name()).collect();
    assert_eq!(named, rules);
}
