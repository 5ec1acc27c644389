/** Words for the networks of the host, and for the JSON of CNI in them. */
import type { TypeWords } from './type-words.ts';

const RANGE = {
  subnet: 'The addresses of the network, such as 10.44.0.0/24.',
  rangeStart: 'The first address that guests are given.',
  rangeEnd: 'The last address that guests are given.',
  gateway: 'The address of the host. Without it the first of the subnet.',
} as const;

export const NETWORK_WORDS = {
  NetworkAttachmentDefinition: {
    about: 'A network of the host that guests can be attached to, as multus reads it.',
    fields: {
      apiVersion: 'The version of the format: k8s.cni.cncf.io/v1.',
      kind: 'The kind of the object.',
      metadata: 'Name, labels and annotations. The name has at most 253 characters.',
      spec: 'What the network is.',
    },
  },
  NetworkAttachmentDefinitionSpec: {
    about: 'What the network is.',
    fields: {
      config:
        "CNI's JSON as a text: a configuration of type bridge, or a list whose first plugin is one.",
    },
  },
  CniList: {
    about: 'Several plugins, of which the first counts.',
    fields: {
      cniVersion: 'The version of the format.',
      name: 'A name for the network.',
      plugins: 'The plugins.',
      cniVersions: 'Further versions of the format.',
      disableCheck: 'For the runtimes of containers.',
      disableGC: 'For the runtimes of containers.',
      loadOnlyInlinedPlugins: 'For the runtimes of containers.',
    },
  },
  CniBridge: {
    about: 'A bridge.',
    fields: {
      cniVersion: 'The version of the format.',
      name: 'A name for the network.',
      type: 'bridge, or cnv-bridge, which is the same.',
      bridge: 'The network interface of the bridge.',
      isGateway: 'The host has an address on the bridge.',
      isDefaultGateway: 'The same, and guests reach others through it.',
      ipMasq: 'Guests reach what the host reaches, under its address.',
      mtu: 'How large frames may be, in bytes.',
      vlan: 'The VLAN that the guests are in.',
      preserveDefaultVlan: "Guests are in the bridge's default VLAN as well.",
      ipam: 'Who gives addresses to guests.',
      dns: 'What names look like.',
      forceAddress: 'Takes another address away from the bridge.',
      hairpinMode: 'Frames go back to where they came from.',
      macspoofchk: 'Guests can use no MAC address but their own.',
      portIsolation: 'Guests do not reach each other.',
      promiscMode: 'The bridge takes all frames.',
      enabledad: 'Looks whether an address is in use.',
      disableContainerInterface: 'The interface is not switched on.',
    },
  },
  CniDns: {
    about: 'What names look like.',
    fields: { domain: 'Below which the names of guests are. Without it the name of the network.' },
  },
  CniIpam: {
    about: 'Who gives addresses to guests.',
    fields: {
      type: 'host-local: solovirt. dhcp, or nothing: somebody else on the network, or nobody.',
      ...RANGE,
      ranges: 'The same in lists of lists, as newer versions write it.',
      routes: 'Routes that guests are told.',
    },
  },
  CniRange: { about: 'Addresses.', fields: RANGE },
  CniRoute: {
    about: 'A route.',
    fields: { dst: 'Where it leads: 0.0.0.0/0.', gw: 'Through which address.' },
  },
} as const satisfies Record<string, TypeWords>;
