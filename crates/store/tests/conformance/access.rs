//! Who signs in, how long, and with which key.

use std::sync::LazyLock;

use domain::EmailAddress;
use domain::ids::{FirmId, UserId};
use domain::time::{DAY_US, HOUR_US, MINUTE_US};
use secrecy::{ExposeSecret, SecretString};
use store::access::{
    Language, NewUser, PasswordHash, Role, SessionLimits, User, hash_password, verify_password,
};
use store::testing::TestDatabase;
use store::token::{ApiKeySecret, SessionSecrets};
use store::{StoreError, Writer};

use crate::support::Window;
use crate::{commit, dice, now, second_of_two, tenant, writer};

const PASSWORD: &str = "doğru at pil zımba";

static HASH: LazyLock<PasswordHash> = LazyLock::new(|| {
    hash_password(&SecretString::from(PASSWORD), [3; 16]).expect("a good password")
});

fn email(name: &str) -> EmailAddress {
    EmailAddress::from_normalised(&format!("{name}@ornek.com.tr")).expect("an address")
}

fn new_user(name: &str, role: Role) -> NewUser {
    NewUser {
        email: email(name),
        name: name.into(),
        password: HASH.clone(),
        role,
        language: Language::Turkish,
    }
}

async fn hire(db: &TestDatabase, firm: FirmId, name: &str, role: Role) -> User {
    now(&db.store, async |w| {
        w.create_user(firm, new_user(name, role))
            .await
            .expect("it can be done")
    })
    .await
}

#[tokio::test]
async fn a_person_signs_in_with_their_address_and_password_only() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Giriş").await;
        let ayse = hire(&db, firm, "ayse", Role::Owner).await;
        let mut reader = db.store.read().await.unwrap();
        let (user, hash) = reader.account(&email("ayse")).await.unwrap().unwrap();
        assert_eq!(user, ayse);
        assert!(verify_password(&PASSWORD.into(), Some(&hash)));
        assert!(!verify_password(&"yanlış at pil zımba".into(), Some(&hash)));
        assert!(reader.account(&email("mehmet")).await.unwrap().is_none());
        assert_eq!(reader.user(firm, ayse.id).await.unwrap(), Some(ayse));
    }
}

#[tokio::test]
async fn an_address_has_one_account_in_the_whole_installation() {
    for db in store::testing::each().await {
        let (one, _) = tenant(&db, "Bir").await;
        let (two, _) = tenant(&db, "İki").await;
        hire(&db, one, "ayse", Role::Owner).await;
        let mut w = writer(&db).await;
        let twice = w.create_user(two, new_user("ayse", Role::Viewer)).await;
        assert!(matches!(twice, Err(StoreError::Exists { .. })), "{twice:?}");
        drop(w);
        let mut w = writer(&db).await;
        let nowhere = w
            .create_user(FirmId::from_db(1), new_user("can", Role::Viewer))
            .await;
        assert!(
            matches!(nowhere, Err(StoreError::Lost { .. })),
            "{nowhere:?}"
        );
        drop(w);
        assert_eq!(Window::on(&db).await.count("user_account").await, 1);
    }
}

#[tokio::test]
async fn people_of_another_firm_are_not_there() {
    for db in store::testing::each().await {
        let (one, _) = tenant(&db, "Bir").await;
        let (two, _) = tenant(&db, "İki").await;
        let ayse = hire(&db, one, "ayse", Role::Owner).await;
        let mut w = writer(&db).await;
        assert_eq!(w.user(two, ayse.id).await.unwrap(), None);
        assert!(w.users(two, None, 10).await.unwrap().is_empty());
        for refused in [
            w.user_to_change(two, ayse.id).await.map(drop),
            w.save_user(&User {
                firm: two,
                name: "çalıntı".into(),
                ..ayse.clone()
            })
            .await,
            w.set_password(two, ayse.id, &HASH).await,
        ] {
            assert!(
                matches!(refused, Err(StoreError::Lost { .. })),
                "{}: {refused:?}",
                db.name
            );
        }
        assert_eq!(w.user(one, ayse.id).await.unwrap(), Some(ayse));
    }
}

#[tokio::test]
async fn a_firm_keeps_its_last_owner() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Sahipli").await;
        let owner = hire(&db, firm, "ayse", Role::Owner).await;
        hire(&db, firm, "mehmet", Role::Admin).await;
        let demoted = User {
            role: Role::Admin,
            ..owner.clone()
        };
        let disabled = User {
            disabled_at: Some(owner.created_at),
            ..owner.clone()
        };
        let mut w = writer(&db).await;
        for change in [&demoted, &disabled] {
            match w.save_user(change).await {
                Err(StoreError::Lost { what }) => assert_eq!(what, "another owner of the firm"),
                other => panic!("{}: {other:?}", db.name),
            }
        }
        // A disabled owner does not count as another.
        let gone = w
            .create_user(firm, new_user("can", Role::Owner))
            .await
            .unwrap();
        w.save_user(&User {
            disabled_at: Some(gone.created_at),
            ..gone
        })
        .await
        .unwrap();
        assert!(w.save_user(&demoted).await.is_err());
        // A second one does, and the name of the last may always change.
        w.save_user(&User {
            name: "Ayşe Hanım".into(),
            ..owner.clone()
        })
        .await
        .unwrap();
        w.create_user(firm, new_user("deniz", Role::Owner))
            .await
            .unwrap();
        w.save_user(&demoted).await.unwrap();
        commit(w).await;
        let mut window = Window::on(&db).await;
        let owners = "SELECT count(*) FROM user_account WHERE role = 1 AND disabled_us IS NULL";
        assert_eq!(window.number(owners).await, 1);
    }
}

async fn demote(w: &mut Writer, user: &User) -> Result<(), StoreError> {
    let mut user = w.user_to_change(user.firm, user.id).await?;
    user.role = Role::Viewer;
    w.save_user(&user).await
}

#[tokio::test]
async fn two_owners_who_demote_each_other_at_once_leave_one() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "İki Sahip").await;
        let one = hire(&db, firm, "ayse", Role::Owner).await;
        let two = hire(&db, firm, "mehmet", Role::Owner).await;
        let both = second_of_two(
            &db,
            async |w| demote(w, &one).await,
            async |w| demote(w, &two).await,
        )
        .await;
        assert!(!both, "{}", db.name);
        let mut window = Window::on(&db).await;
        let owners = "SELECT count(*) FROM user_account WHERE role = 1";
        assert_eq!(window.number(owners).await, 1, "{}", db.name);
    }
}

const LIMITS: SessionLimits = SessionLimits {
    idle_us: 2 * HOUR_US,
    lifetime_us: DAY_US,
    touch_us: 5 * MINUTE_US,
};

async fn sign_in(db: &TestDatabase, user: UserId, seed: u64) -> SessionSecrets {
    let secrets = SessionSecrets::generate(&mut dice(seed));
    now(&db.store, async |w| {
        w.begin_session(user, &secrets, &LIMITS)
            .await
            .expect("it can be done");
    })
    .await;
    secrets
}

async fn is_signed_in(db: &TestDatabase, secrets: &SessionSecrets) -> bool {
    db.store
        .use_session(secrets.token.expose_secret(), &LIMITS)
        .await
        .expect("it can be done")
        .is_some()
}

#[tokio::test]
async fn a_session_lasts_while_it_is_used_and_never_longer_than_its_life() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Oturum").await;
        let ayse = hire(&db, firm, "ayse", Role::Owner).await;
        let used = sign_in(&db, ayse.id, 1).await;
        let idle = sign_in(&db, ayse.id, 2).await;
        let session = db
            .store
            .use_session(used.token.expose_secret(), &LIMITS)
            .await
            .unwrap();
        let session = session.unwrap();
        assert_eq!(
            (&session.user, &session.csrf_token),
            (&ayse, &used.csrf_token)
        );
        for hour in 1..24 {
            db.clock.advance(HOUR_US);
            assert!(is_signed_in(&db, &used).await, "{}: hour {hour}", db.name);
            assert_eq!(
                is_signed_in(&db, &idle).await,
                hour < 2,
                "{}: hour {hour}",
                db.name
            );
            // Looking is using: the idle one is looked at after one hour only.
            if hour == 1 {
                let mut window = Window::on(&db).await;
                let back = "UPDATE session SET seen_us = created_us WHERE csrf_token = ";
                window.run(&format!("{back}'{}'", idle.csrf_token)).await;
            }
        }
        db.clock.advance(HOUR_US);
        assert!(
            !is_signed_in(&db, &used).await,
            "{}: its life is over",
            db.name
        );
        let purged = now(&db.store, async |w| w.purge_sessions().await.unwrap()).await;
        assert_eq!(
            (purged, Window::on(&db).await.count("session").await),
            (2, 0)
        );
    }
}

#[tokio::test]
async fn a_session_is_written_down_at_most_once_per_interval() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Oturum").await;
        let ayse = hire(&db, firm, "ayse", Role::Owner).await;
        let began = db.clock.as_ref().now_us();
        let secrets = sign_in(&db, ayse.id, 1).await;
        let mut window = Window::on(&db).await;
        let seen = "SELECT seen_us FROM session";
        db.clock.advance(LIMITS.touch_us - 1);
        assert!(is_signed_in(&db, &secrets).await);
        assert_eq!(window.number(seen).await, began, "{}: too soon", db.name);
        db.clock.advance(1);
        assert!(is_signed_in(&db, &secrets).await);
        assert_eq!(
            window.number(seen).await,
            began + LIMITS.touch_us,
            "{}",
            db.name
        );
    }
}

/// The clock as the tables hold it.
trait Micros {
    fn now_us(&self) -> i64;
}

impl<T: domain::Clock> Micros for T {
    fn now_us(&self) -> i64 {
        self.now().as_micros()
    }
}

#[tokio::test]
async fn the_table_of_sessions_opens_nothing() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Oturum").await;
        let ayse = hire(&db, firm, "ayse", Role::Owner).await;
        sign_in(&db, ayse.id, 1).await;
        let mut window = Window::on(&db).await;
        let digest = "SELECT CAST(length(token_hash) AS BIGINT) FROM session";
        assert_eq!(
            window.number(digest).await,
            32,
            "{}: SHA-256, not the cookie",
            db.name
        );
        assert!(db.store.use_session("", &LIMITS).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn whoever_loses_the_account_or_changes_the_password_is_signed_out_everywhere() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Çıkış").await;
        hire(&db, firm, "sahip", Role::Owner).await;
        let ayse = hire(&db, firm, "ayse", Role::Marketer).await;
        let phone = sign_in(&db, ayse.id, 1).await;
        let desk = sign_in(&db, ayse.id, 2).await;
        now(&db.store, async |w| {
            w.end_session(phone.token.expose_secret()).await.unwrap();
        })
        .await;
        assert!(!is_signed_in(&db, &phone).await);
        assert!(
            is_signed_in(&db, &desk).await,
            "{}: the other stays",
            db.name
        );
        now(&db.store, async |w| {
            w.set_password(firm, ayse.id, &HASH).await.unwrap();
        })
        .await;
        assert!(!is_signed_in(&db, &desk).await);

        let desk = sign_in(&db, ayse.id, 3).await;
        now(&db.store, async |w| {
            let mut user = w.user_to_change(firm, ayse.id).await.unwrap();
            user.disabled_at = Some(user.created_at);
            w.save_user(&user).await.unwrap();
        })
        .await;
        assert!(!is_signed_in(&db, &desk).await);
        assert_eq!(Window::on(&db).await.count("session").await, 0);
        let mut w = writer(&db).await;
        assert!(w.account(&email("ayse")).await.unwrap().is_none());
        let again = w
            .begin_session(ayse.id, &SessionSecrets::generate(&mut dice(4)), &LIMITS)
            .await;
        assert!(matches!(again, Err(StoreError::Lost { .. })), "{again:?}");
    }
}

#[tokio::test]
async fn a_changed_role_counts_for_sessions_that_are_open() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Rol").await;
        hire(&db, firm, "sahip", Role::Owner).await;
        let ayse = hire(&db, firm, "ayse", Role::Admin).await;
        let secrets = sign_in(&db, ayse.id, 1).await;
        now(&db.store, async |w| {
            let mut user = w.user_to_change(firm, ayse.id).await.unwrap();
            (user.role, user.language) = (Role::Viewer, Language::English);
            w.save_user(&user).await.unwrap();
        })
        .await;
        let session = db
            .store
            .use_session(secrets.token.expose_secret(), &LIMITS)
            .await
            .unwrap();
        let user = session.unwrap().user;
        assert_eq!(
            (user.role, user.language),
            (Role::Viewer, Language::English)
        );
    }
}

#[tokio::test]
async fn a_key_works_until_it_expires_or_is_withdrawn() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Anahtar").await;
        let (other, _) = tenant(&db, "Yabancı").await;
        let mut rng = dice(5);
        let (lasting, passing) = (
            ApiKeySecret::generate(&mut rng),
            ApiKeySecret::generate(&mut rng),
        );
        let mut w = writer(&db).await;
        let soon = w.now().plus_micros(HOUR_US);
        let made = w
            .create_api_key(firm, "CRM", Role::Developer, None, &lasting)
            .await
            .unwrap();
        w.create_api_key(firm, "Geçici", Role::Viewer, Some(soon), &passing)
            .await
            .unwrap();
        commit(w).await;

        let mut reader = db.store.read().await.unwrap();
        let found = reader
            .api_key_by_text(lasting.text().expose_secret())
            .await
            .unwrap();
        assert_eq!(found.as_ref(), Some(&made));
        assert!(reader.api_key_by_text("izk_yok").await.unwrap().is_none());
        assert!(
            reader
                .api_key_by_text(passing.text().expose_secret())
                .await
                .unwrap()
                .is_some()
        );
        db.clock.advance(HOUR_US);
        assert!(
            reader
                .api_key_by_text(passing.text().expose_secret())
                .await
                .unwrap()
                .is_none()
        );
        drop(reader);

        let mut w = writer(&db).await;
        let foreign = w.disable_api_key(other, made.id).await;
        assert!(
            matches!(foreign, Err(StoreError::Lost { .. })),
            "{foreign:?}"
        );
        w.disable_api_key(firm, made.id).await.unwrap();
        let twice = w.disable_api_key(firm, made.id).await;
        assert!(matches!(twice, Err(StoreError::Lost { .. })), "{twice:?}");
        commit(w).await;
        let mut reader = db.store.read().await.unwrap();
        assert!(
            reader
                .api_key_by_text(lasting.text().expose_secret())
                .await
                .unwrap()
                .is_none()
        );
        assert_eq!(reader.api_keys(firm, None, 10).await.unwrap().len(), 2);
        assert!(reader.api_keys(other, None, 10).await.unwrap().is_empty());
        drop(reader);
        let mut window = Window::on(&db).await;
        let digests = "SELECT CAST(sum(length(key_hash)) AS BIGINT) FROM api_key";
        assert_eq!(
            window.number(digests).await,
            64,
            "{}: two digests, no text",
            db.name
        );
    }
}
