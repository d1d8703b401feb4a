import { Column, Entity, ManyToOne, PrimaryGeneratedColumn, Unique, type Relation } from 'typeorm';
import { User } from './user.entity.js';

/** Links a user to an account at a provider. */
@Entity('account')
@Unique(['provider', 'subject'])
export class Account {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ length: 40 })
  provider!: string;

  /** The provider's identifier of the user. */
  @Column()
  subject!: string;

  @ManyToOne(() => User, { eager: true, nullable: false, onDelete: 'CASCADE' })
  user!: Relation<User>;
}
