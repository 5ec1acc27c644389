/** Container images made in the test: layers entry by entry, also such as no honest program writes, and layouts of them. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Header } from 'tar';

export interface Entry {
  readonly path: string;
  /** A plain file unless given; names are those of the library. */
  readonly type?: 'File' | 'SymbolicLink' | 'Link' | 'Directory' | 'FIFO' | 'SparseFile';
  readonly content?: Uint8Array;
  readonly linkpath?: string;
}

const BLOCK = 512;

/** A tar archive. */
export function layer(...entries: readonly Entry[]): Buffer {
  return Buffer.concat([...entries.flatMap(entryBlocks), Buffer.alloc(2 * BLOCK)]);
}

function entryBlocks({ path, type = 'File', content, linkpath }: Entry): readonly Buffer[] {
  const size = content?.length ?? 0;
  const header = new Header({ path, type, size, mode: 0o644, ...(linkpath ? { linkpath } : {}) });
  header.encode();
  const padding = Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
  return [header.block ?? Buffer.alloc(0), Buffer.from(content ?? []), padding];
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Writes an OCI layout with one image of these layers, the lowest first. @returns the digest of its manifest */
export function writeLayout(directory: string, ...layers: readonly Buffer[]): string {
  const blobs = join(directory, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const put = (mediaType: string, bytes: Uint8Array) => {
    writeFileSync(join(blobs, sha256(bytes)), bytes);
    return { mediaType, digest: `sha256:${sha256(bytes)}`, size: bytes.length };
  };
  const vnd = 'application/vnd.oci.image';
  const diffs = layers.map((bytes) => `sha256:${sha256(bytes)}`);
  const config = json({
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: diffs },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: `${vnd}.manifest.v1+json`,
    config: put(`${vnd}.config.v1+json`, config),
    layers: layers.map((bytes) => put(`${vnd}.layer.v1.tar+gzip`, gzipSync(bytes))),
  });
  const manifests = [put(`${vnd}.manifest.v1+json`, manifest)];
  writeFileSync(join(directory, 'index.json'), json({ schemaVersion: 2, manifests }));
  writeFileSync(join(directory, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
  return `sha256:${sha256(manifest)}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
