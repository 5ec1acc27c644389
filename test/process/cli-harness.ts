/**
 * Runs the client inside the test against a real HTTP server on a real Unix socket that serves canned objects.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VmObject } from '../../src/api/contract.ts';
import { buildProgram, runProgram } from '../../src/cli/program.ts';
import type { Screen } from '../../src/cli/screen.ts';
import { NOW, refusal } from '../unit/cli/objects.ts';

export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly body: unknown;
}

export type Handler = (response: ServerResponse, request: Received) => void;

export interface TestDaemon extends AsyncDisposable {
  readonly socket: string;
  readonly requests: Received[];
  /** Answers `METHOD /path` (without query); the last handler given for it counts. */
  on(route: string, handler: Handler): void;
}

export async function startDaemon(): Promise<TestDaemon> {
  const dir = await scratchDir();
  const socket = join(dir, 's');
  const routes = new Map<string, Handler>();
  const requests: Received[] = [];
  const server = createServer((message, response) => {
    void readRequest(message).then((request) => {
      requests.push(request);
      const handler = routes.get(`${request.method} ${request.url.split('?')[0]}`) ?? notFound;
      handler(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    socket,
    requests,
    on: (route, handler) => void routes.set(route, handler),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(dir, { recursive: true });
    },
  };
}

export function scratchDir(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'solovirt-cli-'));
}

async function readRequest(message: IncomingMessage): Promise<Received> {
  let text = '';
  for await (const chunk of message) text += chunk;
  return {
    method: message.method ?? '',
    url: message.url ?? '',
    body: text === '' ? undefined : JSON.parse(text),
  };
}

const notFound: Handler = (response, { url }) => {
  sendJson(response, 404, refusal(404, `${url} not found`, 'NotFound'));
};

export function sendJson(response: ServerResponse, code: number, value: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

/** Answers with 200 and the value, or what the function returns at that moment. */
export function answers(value: unknown): Handler {
  return (response) => sendJson(response, 200, typeof value === 'function' ? value() : value);
}

export function refuses(code: number, message: string): Handler {
  return (response) => sendJson(response, code, refusal(code, message));
}

export const VMS = '/apis/kubevirt.io/v1/namespaces/default/virtualmachines';
export const ALL_VMS = '/apis/kubevirt.io/v1/virtualmachines';
export const EVENTS = '/api/v1/namespaces/default/events';
export const INFO = '/apis/solovirt.io/v1/info';

/** Route of a VM command in the default namespace. */
export function command(name: string, verb: string): string {
  return `PUT /apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines/${name}/${verb}`;
}

/** Serves the VM as `before`, takes the command, and serves it as `after` from then on. */
export function takes(daemon: TestDaemon, verb: string, before: VmObject, after: VmObject): void {
  const { name } = before.metadata;
  let current = before;
  daemon.on(`GET ${VMS}/${name}`, (response) => sendJson(response, 200, current));
  daemon.on(command(name, verb), (response) => {
    current = after;
    response.writeHead(202).end();
  });
}

export interface Run {
  /** The exit code, once the command has ended. */
  readonly code: Promise<number>;
  stdout(): string;
  stderr(): string;
  /** Resolves once stdout contains the text. */
  printed(text: string): Promise<void>;
  interrupt(): void;
}

interface RunOptions {
  readonly socket?: string;
  readonly isTTY?: boolean;
  /** Width of the terminal. */
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly requestMs?: number;
  readonly stdin?: string;
  readonly screen?: Screen;
}

/** Starts the command line without waiting for its end. */
export function startCli(args: readonly string[], options: RunOptions = {}): Run {
  const out = createSink();
  const err = createSink();
  const abort = new AbortController();
  const context = {
    env: { ...options.env, SOLOVIRT_SOCKET: options.socket },
    isRoot: false,
    home: '/nonexistent',
    version: '9.9.9',
    stdout: out,
    stderr: err,
    stdin: () => chunks(options.stdin ?? ''),
    isTTY: options.isTTY ?? false,
    columns: () => options.columns,
    screen: options.screen,
    now: () => NOW,
    signal: abort.signal,
    limits: { requestMs: options.requestMs ?? 10_000, reconnectMs: 1 },
  };
  return {
    code: runProgram(buildProgram(context), args, context),
    stdout: () => out.text(),
    stderr: () => err.text(),
    printed: (text) => out.contains(text),
    interrupt: () => abort.abort(),
  };
}

/** Runs the command line to its end. */
export async function runCli(args: readonly string[], options: RunOptions = {}) {
  const run = startCli(args, options);
  const code = await run.code;
  return { code, stdout: run.stdout(), stderr: run.stderr() };
}

async function* chunks(text: string): AsyncGenerator<string> {
  yield text;
}

function createSink() {
  let all = '';
  const waiting = new Map<string, () => void>();
  return {
    write(text: string): boolean {
      all += text;
      for (const [wanted, resolve] of waiting) if (all.includes(wanted)) resolve();
      return true;
    },
    once: () => undefined,
    text: () => all,
    contains: (wanted: string) =>
      new Promise<void>((resolve) => {
        if (all.includes(wanted)) resolve();
        else waiting.set(wanted, resolve);
      }),
  };
}
