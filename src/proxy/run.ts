/** `solovirt proxy`: what was asked for, checked, served, and told. */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { type CliContext, writeOut } from '../cli/context.ts';
import { CliError, SocketForbiddenError, SolovirtError, UsageError } from '../cli/errors.ts';
import { createClient } from '../client/client.ts';
import { readonlySocketBeside } from '../core/paths.ts';
import { errorCode } from '../core/thrown.ts';
import { type Certificate, selfSigned } from './certificate.ts';
import { kubeconfigText, writeKubeconfig } from './kubeconfig.ts';
import { type ProxyOptions, ProxyServer } from './server.ts';
import { newToken, tokenFrom } from './token.ts';

export interface ProxyFlags {
  readonly port: number;
  readonly address: string;
  readonly kubeconfig?: string;
  readonly readOnly?: true;
  /** False for `--no-token`. */
  readonly token: boolean;
  readonly tokenFile?: string;
  readonly path?: string;
}

interface Target {
  readonly socketPath: string;
  readonly namespace: string;
}

/** Serves until Ctrl-C. */
export async function runProxy(
  context: CliContext,
  target: Target,
  flags: ProxyFlags,
): Promise<void> {
  check(flags);
  const socketPath = flags.readOnly ? readonlySocketOf(context, target) : target.socketPath;
  await mustAnswer(context, socketPath, flags);
  const token = tokenOf(flags);
  const tls = token === undefined ? undefined : certificateFor(flags, context.now());
  await using server = await listen({
    socketPath,
    address: flags.address,
    port: flags.port,
    tls,
    rules: { token, hosts: namesOf(flags), onlyPath: flags.path },
  });
  for (const warning of warnings(flags)) context.stderr.write(`warning: ${warning}\n`);
  const { url } = server;
  await writeOut(context, `Serving ${socketPath} at ${url} until Ctrl-C.\n`);
  if (flags.kubeconfig === undefined) await writeOut(context, howToAsk(url, token, flags.path));
  else {
    const file = resolve(flags.kubeconfig);
    const facts = { server: url, cert: tls?.cert, token, namespace: target.namespace };
    await writeKubeconfig(file, kubeconfigText(facts));
    await writeOut(context, `export KUBECONFIG=${file}\nkubectl get vm\n`);
  }
  await aborted(context.signal);
}

/** @throws UsageError */
function check({ address, token, tokenFile, readOnly, path, kubeconfig }: ProxyFlags): void {
  if (address !== 'localhost' && isIP(address) === 0)
    throw new UsageError(`--address ${address} is no address of this host`, {
      hint: 'Give an IP address: 127.0.0.1, ::1, or 0.0.0.0 for all of IPv4.',
    });
  if (!token && tokenFile !== undefined)
    throw new UsageError('--token-file and --no-token contradict each other');
  if (!token && !readOnly && !isLoopback(address))
    throw new UsageError(
      `--no-token on ${address} would let everybody who reaches this host command all VMs`,
      { hint: 'Leave out --no-token, or add --read-only.' },
    );
  if (path !== undefined && !path.startsWith('/'))
    throw new UsageError(`--path ${path} is no path: it has to begin with "/"`);
  if (path !== undefined && kubeconfig !== undefined)
    throw new UsageError('--path leaves nothing for which a kubeconfig would be of use');
}

function readonlySocketOf({ env }: CliContext, { socketPath }: Target): string {
  return env['SOLOVIRT_READONLY_SOCKET'] || readonlySocketBeside(socketPath);
}

/** @throws NoDaemonError and the like */
async function mustAnswer(
  context: CliContext,
  socketPath: string,
  { readOnly }: ProxyFlags,
): Promise<void> {
  const isAnything = (value: unknown): value is unknown => value !== undefined;
  try {
    await createClient(context, socketPath).get('/healthz', isAnything);
  } catch (error) {
    if (!(error instanceof SocketForbiddenError)) throw error;
    const group = readOnly ? 'solovirt-ro' : 'solovirt';
    const other = readOnly ? '' : ' With --read-only the group `solovirt-ro` will do.';
    throw new SocketForbiddenError(error.message, {
      hint: `Join the group \`${group}\` (\`sudo usermod -aG ${group} $USER\`, then log in again), or use sudo.${other}`,
      cause: error,
    });
  }
}

function tokenOf({ token, tokenFile }: ProxyFlags): string | undefined {
  if (!token) return undefined;
  return tokenFile === undefined ? newToken() : tokenFrom(tokenFile);
}

function certificateFor({ address }: ProxyFlags, now: number): Certificate {
  const hosts = new Set(['localhost', '127.0.0.1', '::1', address]);
  return selfSigned([...hosts], now);
}

function namesOf({ address }: ProxyFlags): readonly string[] {
  return [address.toLowerCase()];
}

async function listen(options: ProxyOptions): Promise<ProxyServer> {
  try {
    return await ProxyServer.listen(options);
  } catch (error) {
    if (error instanceof SolovirtError) throw error;
    const { address, port } = options;
    const code = errorCode(error) ?? String(error);
    const words = LISTEN_ERRORS[code] ?? code;
    throw new CliError(`cannot listen on ${address} port ${port}: ${words}`, {
      hint: 'Another port: --port 8002, or --port 0 for any that is free.',
      cause: error,
    });
  }
}

const LISTEN_ERRORS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EACCES: 'this user may not (ports below 1024 are for root)',
  EADDRNOTAVAIL: 'this host has no such address',
};

function warnings({ address, token, readOnly }: ProxyFlags): readonly string[] {
  const may = readOnly ? 'read what the read-only socket shows' : 'command all VMs';
  return [
    ...(isLoopback(address)
      ? []
      : [`${address} is reached from outside this host: whoever has the token may ${may}`]),
    ...(token
      ? []
      : [`without a token every user and every guest with a network interface may ${may}`]),
  ];
}

function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || address.startsWith('127.');
}

function howToAsk(url: string, token: string | undefined, onlyPath: string | undefined): string {
  const path = onlyPath ?? '/apis/kubevirt.io/v1/virtualmachines';
  return token === undefined
    ? `curl ${url}${path}\n`
    : `curl -k -H 'Authorization: Bearer ${token}' ${url}${path}\n`;
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve: done } = Promise.withResolvers<void>();
  if (signal.aborted) done();
  else signal.addEventListener('abort', () => done(), { once: true });
  return promise;
}
