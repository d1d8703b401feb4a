import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Account } from './account.entity.js';
import type { Profile } from './profile.js';
import { User } from './user.entity.js';

@Injectable()
export class UsersService {
  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    @InjectRepository(Account) private readonly accounts: Repository<Account>,
  ) {}

  async find(id: number | undefined): Promise<User | null> {
    return id === undefined ? null : this.users.findOneBy({ id });
  }

  /**
   * Returns the user behind a profile at a provider: the one whose account it is; or else the one who is signed in now, who
   * links it; or else a new one. An account never moves from one user to another.
   */
  async signIn(provider: string, { subject, name }: Profile, signedIn: User | null): Promise<User> {
    const known = await this.accounts.findOneBy({ provider, subject });
    if (known) return known.user;
    const user = signedIn ?? (await this.users.save({ displayName: name }));
    await this.accounts.save({ provider, subject, user });
    return user;
  }
}
