import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** A user who has signed in at least once. */
@Entity('user')
export class User {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column()
  displayName!: string;
}
