/** What is said where passt is not installed. */
import { expect, test } from 'vitest';
import { findPasst } from '../../src/qemu/find-passt.ts';

test('a host without passt is told which package has it', async () => {
  await expect(findPasst(['/nowhere/passt'])).rejects.toThrow(
    'there is no /nowhere/passt; on Debian and Ubuntu: apt-get install passt',
  );
});
