import { awsError } from './failure.ts';

/** What requests are signed with. Held as the SDK holds it; never written or shown. */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/**
 * By the SDK's own chain: profile, environment, SSO, web identity, instance. Keys of the environment are its first link;
 * they are read here, since loading the chain takes longer than all else that signing a token needs.
 * Errors: AWS_CREDENTIALS, AWS_UNREACHABLE.
 */
export async function credentialsOf(profile: string | undefined, env: NodeJS.ProcessEnv): Promise<Credentials> {
  const { AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = env;
  if (!profile && !AWS_PROFILE && AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY)
    return {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
    };
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  try {
    return await defaultProvider(profile ? { profile } : {})();
  } catch (cause) {
    throw awsError('sign for AWS', 'a token', cause, profile ?? AWS_PROFILE);
  }
}
