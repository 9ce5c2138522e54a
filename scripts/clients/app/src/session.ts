// The session of this installation: its tokens, kept by whatever the platform has for secrets, and renewed once for
// all requests that wait.

export interface Tokens {
  accessToken: string;
  refreshToken: string;
}

/** Where an app keeps its secrets: a keychain on a phone. */
export interface SecretStore {
  read(): Tokens | null;
  write(tokens: Tokens | null): void;
}

/** Returns new tokens for a refresh token; null where the session has ended. */
export type Renew = (refreshToken: string) => Promise<Tokens | null>;

export class Session {
  private renewing: Promise<string | null> | null = null;

  constructor(
    private readonly secrets: SecretStore,
    private readonly renew: Renew,
  ) {}

  get accessToken(): string | null {
    return this.secrets.read()?.accessToken ?? null;
  }

  begin(tokens: Tokens): void {
    this.secrets.write(tokens);
  }

  end(): void {
    this.secrets.write(null);
  }

  /**
   * Return an access token in place of one that was refused; null where the member has to sign in. A refresh token
   * works once: whoever comes while one renews waits for the same answer.
   */
  async replaced(refused: string | null): Promise<string | null> {
    const current = this.accessToken;
    if (current !== refused) return current;
    this.renewing ??= this.renewed().finally(() => {
      this.renewing = null;
    });
    return this.renewing;
  }

  private async renewed(): Promise<string | null> {
    const tokens = this.secrets.read();
    if (tokens === null) return null;
    // Where no answer comes this throws, and the token is kept: sent again, it gives the same session.
    const next = await this.renew(tokens.refreshToken);
    this.secrets.write(next);
    return next?.accessToken ?? null;
  }
}
