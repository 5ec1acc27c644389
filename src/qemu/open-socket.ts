/** Connects to one of QEMU's sockets. */
import { connect, type NetConnectOpts, type Socket } from 'node:net';

/** On this host a connection is made at once, or somebody does not accept any. */
const CONNECT_MS = 2000;

/** @throws the system's error, or a timeout */
export function openSocket(to: NetConnectOpts): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect(to);
  const timer = setTimeout(
    () => socket.destroy(new Error(`not connected within ${CONNECT_MS / 1000} s`)),
    CONNECT_MS,
  );
  // Stays for good: an 'error' without a listener would end the daemon.
  socket.on('error', (error) => {
    clearTimeout(timer);
    reject(error);
  });
  socket.once('connect', () => {
    clearTimeout(timer);
    resolve(socket);
  });
  return promise;
}
