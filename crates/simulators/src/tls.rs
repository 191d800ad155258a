//! Encryption as the mail server and the SMPP gateway offer it.
//!
//! The certificate is for `localhost` and made for the simulators alone;
//! whoever trusts its root trusts a key that everybody has.

use std::sync::Arc;

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto};

/// The root that vouches for the certificate.
pub const CA_PEM: &str = include_str!("../data/tls_ca.pem");

/// A connection, encrypted or not.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

pub(crate) fn acceptor() -> anyhow::Result<TlsAcceptor> {
    let der = |pem: &str| {
        let body: String = pem
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .collect();
        STANDARD.decode(body).context("no PEM")
    };
    let certificate = CertificateDer::from(der(include_str!("../data/tls_certificate.pem"))?);
    let key = PrivatePkcs8KeyDer::from(der(include_str!("../data/tls_key.pem"))?);
    let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::from(key))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
