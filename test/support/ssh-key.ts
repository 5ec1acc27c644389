import { readFileSync } from 'node:fs';
import { execa } from 'execa';

/** Makes a key pair without a passphrase: the private key in `file`, the public one in `file.pub`. @returns `file` */
export async function newKey(file: string): Promise<string> {
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file]);
  return file;
}

/** The line for `authorized_keys`. */
export function publicKey(file: string): string {
  return readFileSync(`${file}.pub`, 'utf8').trim();
}
