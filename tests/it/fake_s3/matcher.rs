//! Which requests a fault befalls, and the faults a test scripted.

use std::sync::{Arc, Mutex};

use super::calls::{Call, Operation};
use super::fault::Fault;

type Condition = Arc<dyn Fn(&Call) -> bool + Send + Sync>;

/// Which requests a fault befalls: `Matcher::get().key("movie").nth(2)`. All of them, unless narrowed.
#[derive(Clone)]
pub(crate) struct Matcher {
    conditions: Vec<Condition>,
    skip: u64,
    take: u64,
}

impl Matcher {
    pub(crate) fn any() -> Self {
        Self { conditions: Vec::new(), skip: 0, take: u64::MAX }
    }

    pub(crate) fn operation(operation: Operation) -> Self {
        Self::any().when(move |call| call.operation == operation)
    }

    pub(crate) fn head() -> Self {
        Self::operation(Operation::HeadObject)
    }

    pub(crate) fn get() -> Self {
        Self::operation(Operation::GetObject)
    }

    pub(crate) fn put() -> Self {
        Self::operation(Operation::PutObject)
    }

    /// Pages of `GetObjectAttributes`.
    pub(crate) fn attributes() -> Self {
        Self::operation(Operation::GetObjectAttributes)
    }

    /// Only of this key.
    pub(crate) fn key(self, key: &str) -> Self {
        let key = key.to_owned();
        self.when(move |call| call.key == key)
    }

    /// Only of keys with this in them.
    pub(crate) fn key_contains(self, part: &str) -> Self {
        let part = part.to_owned();
        self.when(move |call| call.key.contains(&part))
    }

    /// Only those whose range starts at this byte.
    pub(crate) fn range_start(self, first: u64) -> Self {
        self.when(move |call| call.range.is_some_and(|range| range.0 == first))
    }

    /// Only those for which this holds.
    pub(crate) fn when(mut self, condition: impl Fn(&Call) -> bool + Send + Sync + 'static) -> Self {
        self.conditions.push(Arc::new(condition));
        self
    }

    /// Only the nth of all that match otherwise; the first is 1.
    pub(crate) fn nth(self, n: u64) -> Self {
        self.skip(n - 1).times(1)
    }

    /// Only so many.
    pub(crate) fn times(mut self, n: u64) -> Self {
        self.take = n;
        self
    }

    /// Not the first so many.
    pub(crate) fn skip(mut self, n: u64) -> Self {
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

/// The faults a test scripted.
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

    /// What is to go wrong with this call.
    pub(super) fn befalling(&self, call: &Call) -> Vec<Fault> {
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
