//! Clean: the job's folder is removed.

use serde_json::Value;

use super::{JobObject, TaskFailure};

impl JobObject {
    pub(in crate::jobs) async fn clean(&self) -> Result<Value, TaskFailure> {
        self.fragments.delete().await?;
        Ok(Value::Null)
    }
}
