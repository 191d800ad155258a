//! A server in process over an empty database, firms in it, and calls with
//! keys of any role.

use std::sync::Arc;

use api::ApiOptions;
use axum::Router;
use axum::body::Body;
use axum::response::Response;
use domain::ids::{BrandId, FirmId};
use engine::{Engine, Settings};
use http::{HeaderMap, Method, Request, StatusCode, header};
use rand::SeedableRng;
use rand::rngs::StdRng;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use store::access::{Language, NewUser, Role, hash_password};
use store::brands::NewBrand;
use store::testing::TestDatabase;
use store::token::ApiKeySecret;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The password of every test account.
pub(crate) const PASSWORD: &str = "yeterince uzun bir parola";

/// A server in process.
pub(crate) struct Server {
    /// The database behind it.
    pub(crate) db: TestDatabase,
    /// The engine behind it; its steps are driven by hand.
    pub(crate) engine: Arc<Engine>,
    /// The routes.
    pub(crate) router: Router,
    /// Ends streams.
    pub(crate) stopping: CancellationToken,
    rng: StdRng,
    _folder: tempfile::TempDir,
}

/// A firm with a brand and the key of an owner.
#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    /// Its number.
    pub(crate) firm: FirmId,
    /// Its brand.
    pub(crate) brand: BrandId,
    /// A key that may everything.
    pub(crate) owner: String,
}

/// What a call answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: StatusCode,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The code of a problem document.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The fields that a problem document names, with their codes.
    pub(crate) fn faults(&self) -> Vec<(String, String)> {
        let json = self.json();
        let faults = json["where"].as_array().cloned().unwrap_or_default();
        let word = |fault: &Value, name: &str| fault[name].as_str().unwrap_or_default().to_owned();
        faults
            .iter()
            .map(|fault| (word(fault, "field"), word(fault, "code")))
            .collect()
    }
}

impl Server {
    /// A server over an empty SQLite database, with the options of `change`.
    pub(crate) async fn with(change: impl FnOnce(&mut ApiOptions)) -> Self {
        Self::build(|_| {}, change).await
    }

    /// A server whose engine has the settings of `change`.
    pub(crate) async fn with_settings(change: impl FnOnce(&mut Settings)) -> Self {
        Self::build(change, |_| {}).await
    }

    async fn build(
        change_settings: impl FnOnce(&mut Settings),
        change_options: impl FnOnce(&mut ApiOptions),
    ) -> Self {
        let db = store::testing::sqlite().await;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut settings = Settings::default();
        settings.uploads.folder = folder.path().to_owned();
        change_settings(&mut settings);
        let identity = engine::Identity {
            worker: "test".to_owned(),
            public_url: "https://izinli.ornek".to_owned(),
        };
        let engine = Engine::new(db.store.clone(), settings, identity).expect("an engine");
        let mut options = ApiOptions::new("https://izinli.ornek");
        change_options(&mut options);
        let stopping = CancellationToken::new();
        let router = api::app(Arc::clone(&engine), options, stopping.clone());
        let rng = StdRng::seed_from_u64(1);
        Self {
            db,
            engine,
            router,
            stopping,
            rng,
            _folder: folder,
        }
    }

    /// A server with the documented options.
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A firm of this name with a brand and an owner's key.
    pub(crate) async fn tenant(&mut self, name: &str) -> Tenant {
        let mut writer = self.db.store.write().await.unwrap();
        let firm = writer.create_firm(name).await.unwrap().id;
        let path_key = store::token::path_key(&mut self.rng);
        let brand = NewBrand {
            name: "Örnek".to_owned(),
            short_name: "ORNEK".to_owned(),
            trade_name: "Örnek Ticaret A.Ş.".to_owned(),
            mersis: "0123456789012345".to_owned(),
            path_key,
        };
        let brand = writer.create_brand(firm, brand).await.unwrap().id;
        writer.commit().await.unwrap();
        let owner = self.key(firm, Role::Owner).await;
        Tenant { firm, brand, owner }
    }

    /// The text of a fresh key of this role.
    pub(crate) async fn key(&mut self, firm: FirmId, role: Role) -> String {
        let secret = ApiKeySecret::generate(&mut self.rng);
        let mut writer = self.db.store.write().await.unwrap();
        writer
            .create_api_key(firm, role.as_str(), role, None, &secret)
            .await
            .unwrap();
        writer.commit().await.unwrap();
        secret.text().expose_secret().to_owned()
    }

    /// A person who signs in with this address and [`PASSWORD`].
    pub(crate) async fn person(
        &self,
        firm: FirmId,
        email: &str,
        role: Role,
    ) -> domain::ids::UserId {
        let user = NewUser {
            email: domain::EmailAddress::from_normalised(email).unwrap(),
            name: "Ayşe Şahin".to_owned(),
            password: hash_password(&SecretString::from(PASSWORD), [7; 16]).unwrap(),
            role,
            language: Language::Turkish,
        };
        let mut writer = self.db.store.write().await.unwrap();
        let user = writer.create_user(firm, user).await.unwrap();
        writer.commit().await.unwrap();
        user.id
    }

    /// Sends a request; the answer's body is not read yet.
    pub(crate) async fn open(&self, request: Request<Body>) -> Response {
        self.router
            .clone()
            .oneshot(request)
            .await
            .expect("routes never fail")
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.open(request).await;
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX)
            .await
            .expect("a whole body");
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.to_vec(),
        }
    }

    /// Calls with a key.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        key: &str,
        body: Option<Value>,
    ) -> Answer {
        self.send(request(method, path, key, body)).await
    }

    /// Reads with a key.
    pub(crate) async fn get(&self, path: &str, key: &str) -> Answer {
        self.call(Method::GET, path, key, None).await
    }

    /// Creates with a key.
    pub(crate) async fn post(&self, path: &str, key: &str, body: Value) -> Answer {
        self.call(Method::POST, path, key, Some(body)).await
    }

    /// Changes with a key.
    pub(crate) async fn patch(&self, path: &str, key: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, key, Some(body)).await
    }

    /// Signs in; the cookie and the token that changing calls repeat.
    pub(crate) async fn sign_in(&self, email: &str) -> (String, String) {
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = self
            .send(request(Method::POST, "/api/v1/session", "", Some(body)))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let token = answer.json()["csrf_token"].as_str().unwrap().to_owned();
        (cookie, token)
    }
}

/// A request with a key, where one is given, and a JSON body.
pub(crate) fn request(method: Method, path: &str, key: &str, body: Option<Value>) -> Request<Body> {
    let mut builder = Request::builder().method(method).uri(path);
    if !key.is_empty() {
        builder = builder.header(header::AUTHORIZATION, format!("Bearer {key}"));
    }
    match body {
        Some(body) => builder
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string())),
        None => builder.body(Body::empty()),
    }
    .expect("a valid request")
}

/// A template to be made for a brand.
pub(crate) fn new_template(brand: BrandId) -> Value {
    json!({
        "brand_id": brand, "name": "Yaz indirimi", "channel": "MESAJ",
        "body": "Sayın {{ad}}, indirim başladı.",
    })
}
