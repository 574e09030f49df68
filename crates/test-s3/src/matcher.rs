//! Which requests meet a fault, and the faults that a test added.

use std::sync::{Arc, Mutex};

use crate::{
    calls::{Call, Operation},
    fault::Fault,
};

/// The requests that meet a fault, as in `Matcher::get().key("movie").nth(2)`.
#[must_use]
#[derive(Clone)]
pub struct Matcher {
    condition: Arc<dyn Fn(&Call) -> bool + Send + Sync>,
    skip: u64,
    take: u64,
}

impl Matcher {
    /// Matches every request.
    pub fn any() -> Self {
        Self { condition: Arc::new(|_| true), skip: 0, take: u64::MAX }
    }

    fn operation(operation: Operation) -> Self {
        Self::any().when(move |call| call.operation == operation)
    }

    /// Matches HEAD of an object.
    pub fn head() -> Self {
        Self::operation(Operation::HeadObject)
    }

    /// Matches GET of an object.
    pub fn get() -> Self {
        Self::operation(Operation::GetObject)
    }

    /// Matches PUT of an object.
    pub fn put() -> Self {
        Self::operation(Operation::PutObject)
    }

    /// Matches every page of `GetObjectAttributes`.
    pub fn attributes() -> Self {
        Self::operation(Operation::GetObjectAttributes)
    }

    /// Matches every page of `ListObjectsV2`.
    pub fn list() -> Self {
        Self::operation(Operation::ListObjects)
    }

    /// Keeps only requests for this key.
    pub fn key(self, key: &str) -> Self {
        let key = key.to_owned();
        self.when(move |call| call.key == key)
    }

    /// Keeps only requests for which this is true.
    pub fn when(mut self, condition: impl Fn(&Call) -> bool + Send + Sync + 'static) -> Self {
        let others = Arc::clone(&self.condition);
        self.condition = Arc::new(move |call| others(call) && condition(call));
        self
    }

    /// Keeps only the nth request of those that match otherwise. The first is 1.
    pub fn nth(self, n: u64) -> Self {
        self.skip(n - 1).times(1)
    }

    /// Keeps only this many requests.
    pub fn times(mut self, n: u64) -> Self {
        self.take = n;
        self
    }

    /// Leaves out this many requests at first.
    pub fn skip(mut self, n: u64) -> Self {
        self.skip = n;
        self
    }
}

struct Rule {
    matcher: Matcher,
    fault: Fault,
    seen: u64,
}

/// The faults that a test added.
#[derive(Default)]
pub(super) struct Faults(Mutex<Vec<Rule>>);

impl Faults {
    pub(super) fn add(&self, matcher: Matcher, fault: Fault) {
        self.0.lock().expect("the faults' lock").push(Rule { matcher, fault, seen: 0 });
    }

    pub(super) fn clear(&self) {
        self.0.lock().expect("the faults' lock").clear();
    }

    /// Returns the faults that this call meets.
    pub(super) fn of(&self, call: &Call) -> Vec<Fault> {
        let mut faults = Vec::new();
        for Rule { matcher, fault, seen } in &mut *self.0.lock().expect("the faults' lock") {
            if (matcher.condition)(call) {
                if *seen >= matcher.skip && *seen - matcher.skip < matcher.take {
                    faults.push(fault.clone());
                }
                *seen += 1;
            }
        }
        faults
    }
}
