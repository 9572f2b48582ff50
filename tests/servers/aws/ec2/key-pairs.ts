import { createHash } from 'node:crypto';
import type {
  DeleteKeyPairRequest,
  DeleteKeyPairResult,
  DescribeKeyPairsRequest,
  DescribeKeyPairsResult,
  ImportKeyPairRequest,
  ImportKeyPairResult,
  KeyPairInfo,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import type { Rules } from '../service.ts';
import { list } from './list.ts';
import { ec2Of } from './state.ts';
import { newId } from './table.ts';
import { dropTags, tagsOf, wantedTags } from './tags.ts';

const filters = {
  'key-pair-id': ({ KeyPairId }: KeyPairInfo) => KeyPairId,
  'key-name': ({ KeyName }: KeyPairInfo) => KeyName,
  fingerprint: ({ KeyFingerprint }: KeyPairInfo) => KeyFingerprint,
};

export const keyPairRules: Rules = {
  ImportKeyPair(
    { KeyName = '', PublicKeyMaterial, TagSpecifications }: ImportKeyPairRequest,
    call,
  ): ImportKeyPairResult {
    const state = ec2Of(call);
    // CreateKeyPair, KeyName: "Constraints: Up to 255 ASCII characters".
    if (!/^[\x20-\x7e]{1,255}$/.test(KeyName))
      throw new AwsError('InvalidParameterValue', `Value (${KeyName}) for parameter keyName is invalid.`);
    const PublicKey = Buffer.from(PublicKeyMaterial ?? [])
      .toString()
      .trim();
    const [type = '', blob = ''] = PublicKey.split(' ');
    // "ED25519 and RSA keys"; InvalidKey.Format, "the key is not in valid OpenSSH public key format".
    const KeyType = ({ 'ssh-ed25519': 'ed25519', 'ssh-rsa': 'rsa' } as const)[type];
    const bytes = Buffer.from(blob, 'base64');
    if (!KeyType || !bytes.includes(type))
      throw new AwsError('InvalidKey.Format', 'Key is not in valid OpenSSH public key format');
    if (state.keyPairs.all().some(each => each.KeyName === KeyName))
      throw new AwsError('InvalidKeyPair.Duplicate', `The keypair already exists`);
    const tag = wantedTags(TagSpecifications, 'key-pair');
    const KeyPairId = newId('key');
    // DescribeKeyPairs: "For ED25519 key pairs, the key fingerprint is the base64-encoded SHA-256 digest"; RSA ones that were imported: the MD5.
    const KeyFingerprint =
      KeyType === 'ed25519'
        ? createHash('sha256').update(bytes).digest('base64')
        : createHash('md5')
            .update(bytes)
            .digest('hex')
            .replace(/..(?=.)/g, '$&:');
    state.keyPairs.add(KeyPairId, {
      KeyPairId,
      KeyName,
      KeyType,
      KeyFingerprint,
      PublicKey,
      CreateTime: new Date(state.world.now()),
    });
    tag(KeyPairId, state);
    return { KeyPairId, KeyName, KeyFingerprint, Tags: tagsOf(KeyPairId, state) };
  },

  DescribeKeyPairs(input: DescribeKeyPairsRequest, call): DescribeKeyPairsResult {
    const state = ec2Of(call);
    const { KeyNames, KeyPairIds, IncludePublicKey } = input;
    const id = (each: KeyPairInfo) => each.KeyPairId;
    const wrong = KeyNames?.find(name => !state.keyPairs.listed().some(({ KeyName }) => KeyName === name));
    if (wrong !== undefined) throw new AwsError('InvalidKeyPair.NotFound', `The key pair '${wrong}' does not exist`);
    const { page } = list(
      { table: state.keyPairs, id, filters, ids: KeyPairIds, whole: true },
      { Filters: input.Filters },
      call,
    );
    const asked = page.filter(({ KeyName = '' }) => KeyNames?.includes(KeyName) ?? true);
    return {
      KeyPairs: asked.map(({ PublicKey, ...pair }) => ({
        ...{ ...pair, Tags: tagsOf(pair.KeyPairId ?? '', state) },
        ...(IncludePublicKey && { PublicKey }),
      })),
    };
  },

  // A name that is not there is no error ("DeleteKeyPair" returns true).
  DeleteKeyPair({ KeyName, KeyPairId }: DeleteKeyPairRequest, call): DeleteKeyPairResult {
    const state = ec2Of(call);
    const found = state.keyPairs.all().find(each => each.KeyPairId === KeyPairId || each.KeyName === KeyName);
    if (KeyPairId !== undefined && !found) state.keyPairs.need(KeyPairId);
    if (!found?.KeyPairId) return { Return: true };
    state.keyPairs.remove(found.KeyPairId);
    dropTags(found.KeyPairId, state);
    return { Return: true, KeyPairId: found.KeyPairId };
  },
};
