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
   * Links a profile at a provider to a user, and returns the user: the user who is signed in now, or else the user who signed in
   * with this profile before, or else a new user.
   */
  async signIn(provider: string, { subject, name }: Profile, signedIn: User | null): Promise<User> {
    const known = await this.accounts.findOneBy({ provider, subject });
    const user = signedIn ?? known?.user ?? (await this.users.save({ displayName: name }));
    await this.accounts.upsert({ provider, subject, user }, ['provider', 'subject']);
    return user;
  }
}
