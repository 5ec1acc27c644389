/**
 * Writes datagrams to a connected Unix socket that was inherited. Node has no such sockets of its own, but to
 * the kernel a write(2) to one sends a datagram.
 */
import { fstatSync, writeSync } from 'node:fs';
import { errorCode } from '../core/thrown.ts';

/**
 * `busy`: its receiver is behind, worth another try. `refused`: it does not take this one. `gone`: a connected
 * socket does not come back once its receiver has gone (unix(7)).
 */
export type SendResult = 'sent' | 'busy' | 'refused' | 'gone';

const RESULTS: Readonly<Record<string, SendResult>> = {
  EAGAIN: 'busy',
  ENOBUFS: 'busy',
  ENOMEM: 'busy',
  EMSGSIZE: 'refused',
};

/** Never throws. */
export function sendDatagram(fd: number, bytes: Uint8Array): SendResult {
  try {
    writeSync(fd, bytes);
    return 'sent';
  } catch (error) {
    return RESULTS[errorCode(error) ?? ''] ?? 'gone';
  }
}

/** Whether it is open and a socket of any kind. */
export function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}
