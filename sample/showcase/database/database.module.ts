import { Module } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import { PGliteDriver } from 'typeorm-pglite';

/** Connects to the PostgreSQL server of `DATABASE_URL`, or else to an embedded PostgreSQL in this process. */
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [ConfigService],
      useFactory: (config: ConfigService): TypeOrmModuleOptions => {
        const url = config.get<string>('DATABASE_URL');
        return {
          type: 'postgres',
          ...(url ? { url } : { driver: new PGliteDriver({}).driver }),
          entityPrefix: 'showcase_',
          autoLoadEntities: true,
          synchronize: true, // use migrations in production
        };
      },
    }),
  ],
})
export class DatabaseModule {}
