//! A server and a function as a plan wants them, and the requests that are made of them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use test_s3::{Bucket, FakeS3, Fault, Matcher, Object, Rights, Who};

use super::{
    book::Book,
    plan::{Left, Plan},
    trouble::What,
};
use crate::harness::{Answer, Function};

pub(super) struct World {
    pub(super) s3: FakeS3,
    pub(super) book: Book,
    /// What a test has put at the sidecar's key, damaged or not.
    pub(super) left: Option<Object>,
    /// An object of the user's lies at the sidecar's key.
    users: Arc<AtomicBool>,
}

impl World {
    pub(super) async fn new(plan: &Plan) -> Self {
        let mut bucket = if plan.function_role { Bucket::private("data") } else { Bucket::public("data") };
        if plan.versioned {
            bucket = bucket.versioned();
        }
        if plan.lists {
            bucket = bucket.allow(Who::Anonymous, "*", Rights::LIST);
        }
        let s3 = FakeS3::start([bucket, Bucket::private("torrents")]).await;
        Self { s3, book: Book::default(), left: None, users: Arc::default() }
    }

    /// Puts the object, and at the sidecar's key what the plan has there.
    pub(super) async fn prepare(&mut self, plan: &Plan, function: &Function) {
        let number = u64::from(plan.left == Left::Stale);
        self.book.put(&self.s3, plan, number);
        if plan.left == Left::Users {
            self.s3.put(plan.sidecar_place().0, plan.sidecar_place().1, users());
            self.users.store(true, Ordering::SeqCst);
        } else if plan.left != Left::Nothing && plan.has_credentials {
            ask_well(plan, function).await.torrent();
        }
        if let (Left::Damaged(byte), Some(sidecar)) = (plan.left, self.sidecar(plan)) {
            let mut bytes = sidecar.content.to_bytes().to_vec();
            let at = usize::try_from(byte).expect("a small number") % bytes.len();
            bytes[at] ^= 1 << (byte % 8);
            let damaged = Object { content: bytes.into(), ..sidecar };
            self.s3.put(plan.sidecar_place().0, plan.sidecar_place().1, damaged);
        }
        if plan.left == Left::Stale {
            self.book.put(&self.s3, plan, 0);
            self.book.keep_last();
        }
        self.left = self.sidecar(plan);
    }

    /// From now on the plan's troubles befall what is asked of the server.
    pub(super) fn let_loose(&self, plan: &Plan) {
        self.s3.fault(Matcher::any(), Fault::Delay(Duration::from_millis(plan.latency_ms)));
        for (number, trouble) in (2..).zip(&plan.troubles) {
            let fault = self.fault(plan, &trouble.what, number);
            self.s3.fault(trouble.matcher(plan.sidecar_place().1), fault);
        }
    }

    fn fault(&self, plan: &Plan, what: &What, number: u64) -> Fault {
        let (bucket, key) = plan.sidecar_place();
        let users_flag = Arc::clone(&self.users);
        match what {
            What::Fault(fault) => fault.clone(),
            What::Replaced => {
                let (book, plan) = (self.book.clone(), plan.clone());
                Fault::before(move |store| book.put(store, &plan, number))
            }
            What::Deleted => Fault::delete("data", "a"),
            What::AccessGone => Fault::make_private("data", "a"),
            What::UsersOwn => Fault::before(move |store| {
                store.put(bucket, key, users());
                users_flag.store(true, Ordering::SeqCst);
            }),
            What::Purged => Fault::before(move |store| {
                if !users_flag.load(Ordering::SeqCst) {
                    store.delete(bucket, key);
                }
            }),
        }
    }

    pub(super) fn sidecar(&self, plan: &Plan) -> Option<Object> {
        let (bucket, key) = plan.sidecar_place();
        self.s3.object(bucket, key)
    }

    pub(super) fn is_users(&self) -> bool {
        self.users.load(Ordering::SeqCst)
    }
}

/// A request while nothing goes wrong; a machine may be too busy for the budget.
pub(super) async fn ask_well(plan: &Plan, function: &Function) -> Answer {
    for _ in 0..300 {
        let answer = function.get("/data/a").await;
        if !plan.is_impatient() || answer.status != 503 {
            return answer;
        }
    }
    panic!("the machine is too busy")
}

/// It has our mark, but was made from another object.
pub(super) fn users() -> Object {
    Object::new("the user's own")
        .metadata("torrent-format", "1")
        .metadata("torrent-source-key-sha1", "0000000000000000000000000000000000000000")
}
