//! A firm, a brand and an engine over one database.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use domain::ids::{BrandId, FirmId};
use engine::uploads::{LeaveOpen, NewFile};
use engine::{Action, Engine, Identity, Settings, Step};
use store::brands::NewBrand;
use store::testing::TestDatabase;
use store::uploads::{StopScope, Upload, UploadPurpose, UploadState};
use store::workers::WorkerGuard;

/// What a test works with.
pub(crate) struct Desk {
    pub(crate) db: TestDatabase,
    pub(crate) firm: FirmId,
    pub(crate) brand: BrandId,
    pub(crate) folder: tempfile::TempDir,
}

/// One desk for each database.
pub(crate) async fn each() -> Vec<Desk> {
    let mut desks = Vec::new();
    for db in store::testing::each().await {
        let mut writer = db.store.write().await.expect("a transaction");
        let firm = writer.create_firm("Firma").await.expect("a firm").id;
        let new = NewBrand {
            name: "Marka".into(),
            short_name: "MARKA".into(),
            trade_name: "MARKA AS".into(),
            mersis: "0123456789012345".into(),
            path_key: "deneme".into(),
        };
        let brand = writer.create_brand(firm, new).await.expect("a brand").id;
        writer.commit().await.expect("commits");
        desks.push(Desk {
            db,
            firm,
            brand,
            folder: tempfile::tempdir().expect("a folder"),
        });
    }
    desks
}

impl Desk {
    /// An engine of its own process, as far as the database can tell.
    pub(crate) async fn engine(
        &self,
        worker: &str,
        change: impl FnOnce(&mut Settings),
    ) -> (Arc<Engine>, WorkerGuard) {
        let mut settings = Settings::default();
        settings.uploads.folder = self.folder.path().join("uploads");
        change(&mut settings);
        let identity = Identity {
            worker: worker.to_owned(),
            public_url: "https://izinli.ornek".to_owned(),
        };
        let engine = Engine::new(self.db.store.clone(), settings, identity).expect("an engine");
        let guard = engine.announce().await.expect("announced");
        (engine, guard)
    }

    pub(crate) fn file(&self, name: &str) -> NewFile {
        NewFile {
            expires_at: None,
            firm: self.firm,
            brand: self.brand,
            name: name.to_owned(),
            file_name: format!("{name}.csv"),
            purpose: UploadPurpose::Contacts,
            stops: StopScope::default(),
            tag: None,
            action: Action::Local,
            default_kind: Some(domain::RecipientKind::Bireysel),
            mapping: serde_json::Value::Null,
            actor: "usr_ayse".to_owned(),
        }
    }

    /// A judged file of so many people that was let in.
    pub(crate) async fn let_in(&self, engine: &Engine, count: u32) -> Upload {
        let upload = engine
            .receive(self.file("liste"), people(count).as_bytes())
            .await
            .expect("received");
        engine.step_uploads().await.expect("judged");
        engine
            .approve_upload(self.firm, upload.id, "usr_can", &LeaveOpen::Nothing)
            .await
            .expect("approved");
        upload
    }

    pub(crate) async fn uploads(&self) -> Vec<Upload> {
        let mut reader = self.db.store.read().await.expect("a reader");
        let list = reader.uploads(self.firm, None, 100).await;
        list.expect("a list")
    }

    /// Events in the ledger of the brand.
    pub(crate) async fn events(&self) -> i64 {
        let verified = self
            .db
            .store
            .verify_ledger(self.brand, |_| ControlFlow::Continue(()))
            .await
            .expect("it can be read");
        assert_eq!(verified.fault, None);
        verified.events
    }
}

/// People with a consent for SMS, one a line.
pub(crate) fn people(count: u32) -> String {
    let head = "telefon;izin durumu;izin tarihi;izin türü;izin kaynağı\n";
    let rows = (0..count).map(|n| {
        format!(
            "0532 {:03} {:02} {:02};ONAY;20.06.2025 14:05;MESAJ;HS_WEB\n",
            100 + n / 10_000,
            n / 100 % 100,
            n % 100
        )
    });
    std::iter::once(head.to_owned()).chain(rows).collect()
}

/// Works until nothing is due; what fails in passing is tried again, as the
/// loops of a worker do.
pub(crate) async fn work(engine: &Engine) {
    let mut tries_left = 20;
    loop {
        match engine.step_uploads().await {
            Ok(Step::Did) => {}
            Ok(Step::Idle) => return,
            Err(error) if error.is_passing() && tries_left > 0 => tries_left -= 1,
            Err(error) => panic!("a step: {error:?}"),
        }
    }
}

/// The upload once another worker has ended it. A server notices in its own
/// time that the connection of a dead worker is gone, and until then nobody
/// takes over what that worker leased.
pub(crate) async fn taken_over(desk: &Desk, next: &Engine, upload: &Upload) -> Upload {
    for _ in 0..100_000 {
        work(next).await;
        let seen = next
            .upload(desk.firm, upload.id)
            .await
            .expect("it is there");
        if seen.state != UploadState::Applying {
            return seen;
        }
        tokio::task::yield_now().await;
    }
    panic!("nobody took the file over");
}

/// Names in a folder, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .map(|entries| {
            entries
                .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
                .collect()
        })
        .unwrap_or_default();
    names.sort();
    names
}
