import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import type { Listening } from './listen.js';

/** A certificate and its key, in PEM. */
export interface Certificate {
  cert: string;
  key: string;
}

export interface Certificates {
  /** Whose certificates are trusted, in PEM. */
  ca: string;
  /** The provider's, for this machine. */
  server: Certificate;
  /** A client's, which the CA vouches for. */
  client: Certificate;
  /** A client's, which nobody vouches for. */
  selfSigned: Certificate;
}

/** A program of the system, not of npm. */
const OPENSSL = 'openssl';

/** Makes certificates that are good for a day; `openssl` is needed. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
  const file = (name: string): string => join(folder, name);
  const make = (name: string, subject: string, more: string[] = []): Certificate => {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file(`${name}.key`)];
    const args = ['req', '-x509', '-days', '1', ...key, '-out', file(`${name}.pem`), '-subj', subject, ...more];
    execFileSync(OPENSSL, args, { stdio: 'pipe' });
    return { cert: readFileSync(file(`${name}.pem`), 'utf8'), key: readFileSync(file(`${name}.key`), 'utf8') };
  };
  try {
    const { cert: ca } = make('ca', '/CN=Test CA');
    const signed = ['-CA', file('ca.pem'), '-CAkey', file('ca.key')];
    return {
      ca,
      server: make('server', '/CN=localhost', [...signed, '-addext', 'subjectAltName=DNS:localhost']),
      client: make('client', '/CN=app', [...signed, '-addext', 'subjectAltName=DNS:app.example']),
      selfSigned: make('self-signed', '/CN=app'),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Listens on any free port of this machine, and asks for the client's certificate without insisting on one. */
export async function listenForCertificates(
  listener: RequestListener,
  { ca, server }: Certificates,
): Promise<Listening> {
  const options = { ...server, ca, requestCert: true, rejectUnauthorized: false };
  const https = createServer(options, listener);
  await new Promise<void>((resolve) => {
    https.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (https.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        https.close(() => resolve());
        https.closeAllConnections();
      }),
  };
}

/** How `oidc-provider` sees the client's certificate (RFC 8705). */
export const MUTUAL_TLS = {
  enabled: true,
  certificateBoundAccessTokens: true,
  selfSignedTlsClientAuth: true,
  tlsClientAuth: true,
  getCertificate: (context: KoaContextWithOIDC) => certificateOf(context)?.toString(),
  certificateAuthorized: ({ socket }: KoaContextWithOIDC) => (socket as TLSSocket).authorized,
  certificateSubjectMatches: (context: KoaContextWithOIDC, property: string, expected: string) =>
    property === 'tls_client_auth_san_dns' && certificateOf(context)?.subjectAltName === `DNS:${expected}`,
} satisfies NonNullable<Configuration['features']>['mTLS'];

function certificateOf({ socket }: KoaContextWithOIDC): X509Certificate | undefined {
  return 'getPeerX509Certificate' in socket ? (socket as TLSSocket).getPeerX509Certificate() : undefined;
}

/** A certificate as `x5c` has it (RFC 7517 §4.7). */
export function derOf({ cert }: Certificate): string {
  return new X509Certificate(cert).raw.toString('base64');
}

/** What a token that is bound to a certificate says of it (RFC 8705 §3.1). */
export function fingerprintOf({ cert }: Certificate): string {
  return Buffer.from(new X509Certificate(cert).fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
}
