//! Clean: the job's folder is removed.

use serde_json::Value;

use super::{TaskFailure, Worker};
use crate::{jobs::Job, meter::Meter};

impl Worker {
    pub(in crate::jobs) async fn clean(&self, job: &Job, meter: &Meter) -> Result<Value, TaskFailure> {
        self.open_job(job, meter)?.fragments.delete().await?;
        Ok(Value::Null)
    }
}
