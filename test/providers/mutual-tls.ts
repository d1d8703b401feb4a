import { X509Certificate } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import { generate, type SelfsignedOptions } from 'selfsigned';
import { listenWith, type Listening } from './listen.js';

/** A certificate and its key, in PEM. */
export interface Certificate {
  cert: string;
  key: string;
}

export interface Certificates {
  /** The certificate of the CA, in PEM. */
  ca: string;
  /** The certificate of the provider, for this machine. */
  server: Certificate;
  /** The certificate of a client, signed by the CA. */
  client: Certificate;
  /** A self-signed certificate of a client. */
  selfSigned: Certificate;
}

/** Creates certificates that are valid for a day. */
export async function makeCertificates(): Promise<Certificates> {
  const ca = await make('Test CA', { extensions: [{ name: 'basicConstraints', cA: true, critical: true }] });
  return {
    ca: ca.cert,
    server: await make('localhost', { ca, extensions: [named('localhost')] }),
    client: await make('app', { ca, extensions: [named('app.example')] }),
    selfSigned: await make('app'),
  };
}

async function make(commonName: string, options: SelfsignedOptions = {}): Promise<Certificate> {
  const subject = [{ name: 'commonName', value: commonName }];
  const notAfterDate = new Date(Date.now() + 24 * 3600 * 1000);
  const { cert, private: key } = await generate(subject, {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate,
    ...options,
  });
  return { cert, key };
}

function named(host: string): NonNullable<SelfsignedOptions['extensions']>[number] {
  return { name: 'subjectAltName', altNames: [{ type: 2, value: host }] };
}

/** Listens on a free port of this machine, and requests a client certificate, which is optional. */
export function listenForCertificates(listener: RequestListener, { ca, server }: Certificates): Promise<Listening> {
  const options = { ...server, ca, requestCert: true, rejectUnauthorized: false };
  return listenWith(createServer(options, listener));
}

/** The `mTLS` feature of `oidc-provider`, which reads the client certificate (RFC 8705). */
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

/** Returns a certificate as in `x5c` (RFC 7517 §4.7). */
export function derOf({ cert }: Certificate): string {
  return new X509Certificate(cert).raw.toString('base64');
}

/** Returns the thumbprint of a certificate in a token that is bound to it (RFC 8705 §3.1). */
export function fingerprintOf({ cert }: Certificate): string {
  return Buffer.from(new X509Certificate(cert).fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
}
