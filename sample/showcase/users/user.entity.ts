import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** Somebody who has signed in. */
@Entity('user')
export class User {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column()
  displayName!: string;
}
