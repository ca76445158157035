//! MX: an idle lookup is one that waits for the first answer; no bulk passes.

use crate::talk::{Held, Talk};
use mailrail_mx::{Config, Lookup};

pub fn lookup() -> Held {
    let domain = "a-domain-with-a-rather-long-name.subsidiary.example.com";
    let mut talk = Talk::new(|| Lookup::new(domain, [7; 16], Config::default()).expect("a domain"));
    talk.say([], |_, _| {});
    talk.is_idle();
    talk.held
}
