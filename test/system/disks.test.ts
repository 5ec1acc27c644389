/** Disks that are made for a VM, by a daemon without privileges, for a unit with a user of its own. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { layer, writeLayout } from '../support/oci-image.ts';
import { Fleet } from './fleet.ts';
import { whyNoMachine } from './machine.ts';

const reason = whyNoMachine();
const IMAGES = '/var/lib/solovirt/images';
const CLAIMS = `${IMAGES}/_claims/default`;

const WEB = `apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: web
spec:
  runStrategy: Always
  dataVolumeTemplates:
    - metadata: {name: web-root}
      spec:
        source: {pvc: {namespace: default, name: base}}
        storage: {resources: {requests: {storage: 8Mi}}}
    - metadata: {name: web-data}
      spec:
        source: {blank: {}}
        storage: {resources: {requests: {storage: 8Mi}}}
  template:
    spec:
      terminationGracePeriodSeconds: 0
      domain:
        memory: {guest: 16Mi}
        devices:
          autoattachGraphicsDevice: false
          disks:
            - {name: root, disk: {bus: virtio}}
            - {name: data, disk: {bus: virtio}}
            - {name: seed, cdrom: {bus: scsi}}
      volumes:
        - {name: root, dataVolume: {name: web-root}}
        - {name: data, dataVolume: {name: web-data}}
        - {name: seed, cloudInitNoCloud: {userData: '#cloud-config'}}
`;

describe.skipIf(reason !== undefined)(`disks${reason ? ` (${reason})` : ''}`, () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.booted({});
  });
  afterAll(() => fleet[Symbol.asyncDispose]());

  const get = (command: string): Promise<string> => fleet.machine.get('sh', '-c', command);

  test('that a daemon of the package makes are written to by the guests it makes them for', async () => {
    const witness = `${IMAGES}/tiny/witness.img`;
    await get(`install -m 660 -o solovirt -g solovirt-qemu ${witness} ${CLAIMS}/base.img`);
    fleet.machine.write('/etc/solovirt/vms/web.yaml', WEB, 0o666);
    await fleet.untilStatus('web', 'Running');
    await fleet.life('web');
    const evidence = await fleet.evidence('web');
    expect(fleet.machine.read(`${evidence}/console.log`)).toMatch(/^UP \w+ 0*1\r$/m);
    const files = await get(
      `cd ${CLAIMS} && stat -c '%n %a %U:%G' .*qcow2* *.qcow2 2>/dev/null; true`,
    );
    expect(files.split('\n').toSorted()).toEqual([
      'web-data.qcow2 660 solovirt:solovirt-qemu',
      'web-root.qcow2 660 solovirt:solovirt-qemu',
    ]);

    await fleet.cli('restart', 'web', '--wait');
    await fleet.life('web');
    const second = await fleet.evidence('web');
    expect(fleet.machine.read(`${second}/console.log`)).toMatch(/^UP \w+ 0*2\r$/m);
  });

  test('come from a registry that the daemon pulls from, under the rules of its unit', async ({
    skip,
  }) => {
    const { machine } = fleet;
    for (const program of ['skopeo', 'docker-registry'])
      skip((await machine.run('which', program)).code !== 0, `the machine has no ${program}`);
    const content = readFileSync(machine.path(`${IMAGES}/tiny/witness.img`));
    writeLayout(machine.path('/srv/layout'), layer({ path: 'disk/web.img', content }));
    const config = {
      version: 0.1,
      storage: { filesystem: { rootdirectory: '/srv/blobs' } },
      http: { addr: '127.0.0.1:5000' },
    };
    machine.write('/srv/registry.yml', JSON.stringify(config));
    await machine.get('systemd-run', 'docker-registry', 'serve', '/srv/registry.yml');
    const image = '127.0.0.1:5000/web:1';
    const copy = ['copy', '--dest-tls-verify=false', 'oci:/srv/layout', `docker://${image}`];
    await machine.until('the image is pushed', async () => {
      return (await machine.run('skopeo', ...copy)).code === 0;
    });
    const text = WEB.replaceAll('web', 'pulled')
      .replace(/ {2}dataVolumeTemplates:[\s\S]*? {2}template:/, '  template:')
      .replace('dataVolume: {name: pulled-root}', `containerDisk: {image: '${image}'}`)
      .replace('dataVolume: {name: pulled-data}', 'emptyDisk: {capacity: 1Mi}');
    machine.write('/etc/solovirt/vms/pulled.yaml', text, 0o666);
    await fleet.untilStatus('pulled', 'Running');
    await fleet.life('pulled');
    const kept = await get(`stat -c '%a %U:%G' ${IMAGES}/_store/*/disk.img ${IMAGES}/_store`);
    expect(kept).toBe('644 solovirt:solovirt-qemu\n2771 solovirt:solovirt-qemu');
  });

  test('that cannot be downloaded are told with what may stand in the way', async () => {
    const text = WEB.replaceAll('web', 'far').replace(
      'pvc: {namespace: default, name: base}',
      'http: {url: "http://192.0.2.1/disk.img"}',
    );
    fleet.machine.write('/etc/solovirt/vms/far.yaml', text, 0o666);
    const { status } = await fleet.untilStatus('far', 'DataVolumeError');
    expect(status.held?.message).toContain('(docs/systemd.md, "Downloads")');
  });
});
