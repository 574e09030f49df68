//! Which requests meet a fault, and the faults that a test added.

use std::sync::{Arc, Mutex};

use crate::{
    calls::{Call, Operation},
    fault::Fault,
};

type Condition = Arc<dyn Fn(&Call) -> bool + Send + Sync>;

/// The requests that meet a fault, as in `Matcher::get().key("movie").nth(2)`.
#[must_use]
#[derive(Clone)]
pub struct Matcher {
    conditions: Vec<Condition>,
    skip: u64,
    take: u64,
}

impl Matcher {
    /// Matches every request.
    pub fn any() -> Self {
        Self { conditions: Vec::new(), skip: 0, take: u64::MAX }
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

    /// Keeps only requests whose key has this in it.
    pub fn key_contains(self, part: &str) -> Self {
        let part = part.to_owned();
        self.when(move |call| call.key.contains(&part))
    }

    /// Keeps only requests whose range starts at this byte.
    pub fn range_start(self, first: u64) -> Self {
        self.when(move |call| call.range.is_some_and(|range| range.0 == first))
    }

    /// Keeps only requests for which this is true.
    pub fn when(mut self, condition: impl Fn(&Call) -> bool + Send + Sync + 'static) -> Self {
        self.conditions.push(Arc::new(condition));
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

    fn is_about(&self, call: &Call) -> bool {
        self.conditions.iter().all(|condition| condition(call))
    }
}

struct Rule {
    matcher: Matcher,
    fault: Fault,
    seen: u64,
}

type Plan = Box<dyn FnMut(&Call) -> Vec<Fault> + Send>;

/// The faults that a test added.
#[derive(Default)]
pub(super) struct Faults {
    rules: Mutex<Vec<Rule>>,
    plan: Mutex<Option<Plan>>,
}

impl Faults {
    pub(super) fn add(&self, matcher: Matcher, fault: Fault) {
        let seen = 0;
        let rule = Rule { matcher, fault, seen };
        self.rules.lock().expect("the faults' lock").push(rule);
    }

    pub(super) fn set_plan(&self, plan: Plan) {
        *self.plan.lock().expect("the plan's lock") = Some(plan);
    }

    pub(super) fn clear(&self) {
        self.rules.lock().expect("the faults' lock").clear();
        *self.plan.lock().expect("the plan's lock") = None;
    }

    /// Returns the faults that this call meets.
    pub(super) fn of(&self, call: &Call) -> Vec<Fault> {
        let mut faults = Vec::new();
        for rule in &mut *self.rules.lock().expect("the faults' lock") {
            if rule.matcher.is_about(call) {
                let turn = rule.seen;
                rule.seen += 1;
                let Matcher { skip, take, .. } = rule.matcher;
                if turn >= skip && turn - skip < take {
                    faults.push(rule.fault.clone());
                }
            }
        }
        if let Some(plan) = &mut *self.plan.lock().expect("the plan's lock") {
            faults.extend(plan(call));
        }
        faults
    }
}
