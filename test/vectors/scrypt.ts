/** Published test vectors of scrypt: RFC 7914, sections 10 and 12. */

/** Section 10: scryptROMix with r = 1 and N = 16. */
export const romix = {
  logN: 4,
  r: 1,
  input:
    'f7ce0b653d2d72a4108cf5abe912ffdd777616dbbb27a70e8204f3ae2d0f6fad89f68f4811d1e87bcc3bd7400a9ffd29' +
    '094f0184639574f39ae5a1315217bcd7894991447213bb226c25b54da86370fbcd984380374666bb8ffcb5bf40c254b0' +
    '67d27c51ce4ad5fed829c90b505a571b7f4d1cad6a523cda770e67bceaaf7e89',
  output:
    '79ccc193629debca047f0b70604bf6b62ce3dd4a9626e355fafc6198e6ea2b46d58413673b99b029d665c357601fb426' +
    'a0b2f4bba200ee9f0a43d19b571a9c71ef1142e65d5a266fddca832ce59faa7cac0b9cf1be2bffca300d01ee387619c4' +
    'ae12fd4438f203a0e4e1c47ec314861f4e9087cb33396a6873e8f9d2539a4b8e',
} as const;

/** Section 12: whole derivations. The fourth, of 1 GiB, is left to those with time. */
export const derivations = [
  {
    passphrase: '',
    salt: '',
    logN: 4,
    r: 1,
    p: 1,
    key:
      '77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442' +
      'fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906',
  },
  {
    passphrase: 'password',
    salt: 'NaCl',
    logN: 10,
    r: 8,
    p: 16,
    key:
      'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162' +
      '2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
  },
  {
    passphrase: 'pleaseletmein',
    salt: 'SodiumChloride',
    logN: 14,
    r: 8,
    p: 1,
    key:
      '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2' +
      'd5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
  },
] as const;
