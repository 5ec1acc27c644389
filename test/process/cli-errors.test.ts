import { chmod, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listOf } from '../unit/cli/objects.ts';
import { answers, refuses, runCli, scratchDir, startCli, startDaemon, VMS } from './cli-harness.ts';

test('no socket: exit code 3, which socket, and how to start the daemon', async () => {
  const { code, stdout, stderr } = await runCli(['list', '--socket', '/nonexistent/s']);
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(stderr).toMatch(/^error: no solovirt daemon: there is no socket \/nonexistent\/s\n/);
  expect(stderr).toContain('systemctl start solovirt');
  expect(stderr).toContain('npm start');
});

test('a socket that nobody serves: exit code 3', async () => {
  const dir = await scratchDir();
  const socket = join(dir, 's');
  await writeFile(socket, '');
  const { code, stderr } = await runCli(['stop', 'a', 'b'], { socket });
  await rm(dir, { recursive: true });
  expect(code).toBe(3);
  expect(stderr.match(/error:/g)).toHaveLength(1);
  expect(stderr).toContain(`nobody listens on socket ${socket}`);
});

test('a socket of others: exit code 3 and the group to join', async () => {
  await using daemon = await startDaemon();
  await chmod(daemon.socket, 0o000);
  const { code, stderr } = await withoutRoot(() => runCli(['list'], daemon));
  expect(code).toBe(3);
  expect(stderr).toContain('group `solovirt`');
});

/** Root may use any socket, so the call is made as nobody. */
async function withoutRoot<T>(call: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return call();
  process.seteuid?.('nobody');
  try {
    return await call();
  } finally {
    process.seteuid?.(0);
  }
}

test('a daemon that never answers: exit code 1 after the deadline', async () => {
  await using daemon = await startDaemon();
  daemon.on(`GET ${VMS}`, () => undefined);
  const { code, stderr } = await runCli(['list'], { ...daemon, requestMs: 50 });
  expect(code).toBe(1);
  expect(stderr).toContain('did not answer within 0.05 s');
});

test('a daemon that falls silent in the middle of an answer: exit code 1', async () => {
  await using daemon = await startDaemon();
  daemon.on(`GET ${VMS}`, (response) => void response.writeHead(200).write('{"items":['));
  const { code, stderr } = await runCli(['list'], { ...daemon, requestMs: 50 });
  expect(code).toBe(1);
  expect(stderr).toContain('did not answer within 0.05 s');
});

test('a connection that breaks leaves the fate of a command open', async () => {
  await using daemon = await startDaemon();
  const pause =
    '/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachineinstances/demo/pause';
  daemon.on(`PUT ${pause}`, (response) => void response.destroy());
  const { code, stderr } = await runCli(['pause', 'demo'], daemon);
  expect(code).toBe(1);
  expect(stderr).toContain('the connection to the daemon broke (the answer ended before its head)');
  expect(stderr).toContain('Whether the command took effect is not known');
});

test('something else on the socket is named as such', async () => {
  const dir = await scratchDir();
  const socket = join(dir, 's');
  const server = createServer((connection) => void connection.resume().end('220 mail ready\r\n'));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const { code, stderr } = await runCli(['list'], { socket });
  await new Promise((resolve) => server.close(resolve));
  await rm(dir, { recursive: true });
  expect(code).toBe(1);
  expect(stderr).toContain(`what listens on ${socket} is not solovirt`);
});

test('an error page that is no Status is quoted', async () => {
  await using daemon = await startDaemon();
  daemon.on(`GET ${VMS}`, (response) => void response.writeHead(502).end('bad gateway\n'));
  const { code, stderr } = await runCli(['list'], daemon);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'error: the daemon answered with HTTP status 502: bad gateway\n',
  });
});

test('what the daemon quotes cannot drive the terminal', async () => {
  await using daemon = await startDaemon();
  daemon.on(`GET ${VMS}`, refuses(409, 'guest said \u001b]0;evil\u0007hello'));
  expect((await runCli(['list'], daemon)).stderr).toBe('error: guest said hello\n');
});

test.for([['not JSON'], [{ items: [{}] }], [null]])(
  'an answer of another shape is refused: %j',
  async ([answer]) => {
    await using daemon = await startDaemon();
    daemon.on(`GET ${VMS}`, answers(answer));
    const { code, stderr } = await runCli(['list'], daemon);
    expect(code).toBe(1);
    expect(stderr).toContain('not what this client expects');
  },
);

test('Ctrl-C ends a request that hangs', async () => {
  await using daemon = await startDaemon();
  const asked = Promise.withResolvers<void>();
  daemon.on(`GET ${VMS}`, () => asked.resolve());
  const hanging = startCli(['list'], daemon);
  await asked.promise;
  hanging.interrupt();
  expect(await hanging.code).toBe(1);
  expect(hanging.stderr()).toBe('error: interrupted\n');
});

test.for([
  [['lst'], /unknown command 'lst'\n\(Did you mean list\?\)/],
  [['list', '--wtach'], /unknown option '--wtach'\n\(Did you mean --watch\?\)/],
  [['list', '-o', 'xml'], /Allowed choices are wide, json, yaml, name/],
  [['stop'], /missing required argument 'name'/],
  [['stop', 'demo', '--grace-period', '-1'], /whole number of seconds/],
  [['stop', 'demo', '--grace-period', '1.5'], /whole number of seconds/],
  [['stop', 'demo', '--wait=soon'], /A duration is, for instance, 30s/],
  [['stop', 'demo', '--wait', '30s'], /Write --wait=30s/],
  [['start', 'a/b/c'], /"a\/b\/c" is no VM name/],
  [['list', '-n', '../x'], /"\.\.\/x" is no namespace/],
  [['logs', 'demo', '--tail', '0'], /whole number above 0/],
  [['info', 'extra'], /too many arguments/],
  [[], /Usage: solovirt/],
] as const)('wrong usage %j: exit code 2', async ([args, said]) => {
  const { code, stdout, stderr } = await runCli(args, { socket: '/nonexistent/s' });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(said);
});

test.for([
  [['--help']],
  [['help']],
  [['help', 'stop']],
  [['stop', '--help']],
  [['--version']],
] as const)('%j is answered on stdout: exit code 0', async ([args]) => {
  const { code, stdout, stderr } = await runCli(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/Usage: solovirt|9\.9\.9/);
});

test('socket and namespace may stand before the verb; behind it they win', async () => {
  await using daemon = await startDaemon();
  daemon.on('GET /apis/kubevirt.io/v1/namespaces/b/virtualmachines', answers(listOf([])));
  const args = ['--socket', daemon.socket, '-n', 'a', 'list', '-n', 'b', '-o', 'name'];
  expect(await runCli(args, { socket: '/nonexistent/s' })).toMatchObject({ code: 0, stdout: '' });
});
