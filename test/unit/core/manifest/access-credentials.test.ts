/** What `accessCredentials` mean. Their faults are in the bad fixtures. */
import { expect, test } from 'vitest';
import { instanceOf } from './manifest-text.ts';

const source = { secret: { secretName: 'keys' } };
const seed = { name: 'seed', cloudInitConfigDrive: { userData: '#cloud-config' } };

test('keys go with a seed or through the agent, passwords through the agent', () => {
  const { accessCredentials } = instanceOf({
    instance: {
      volumes: [seed],
      accessCredentials: [
        { sshPublicKey: { source, propagationMethod: { configDrive: {} } } },
        { sshPublicKey: { source, propagationMethod: { qemuGuestAgent: { users: ['me'] } } } },
        { userPassword: { source, propagationMethod: { qemuGuestAgent: {} } } },
      ],
    },
  });
  expect(accessCredentials).toEqual([
    { kind: 'seed-keys', secret: 'keys', format: 'ConfigDrive' },
    { kind: 'agent-keys', secret: 'keys', users: ['me'] },
    { kind: 'agent-passwords', secret: 'keys' },
  ]);
});

test('an empty list is none', () => {
  expect(instanceOf({ instance: { accessCredentials: [] } }).accessCredentials).toBeUndefined();
});
