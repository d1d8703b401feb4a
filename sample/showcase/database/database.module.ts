import { Module } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import { PGliteDriver } from 'typeorm-pglite';

/** PostgreSQL: the server of `DATABASE_URL`, or else an embedded one that lives as long as the process. */
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
          synchronize: true, // a sample's convenience; an application has migrations
        };
      },
    }),
  ],
})
export class DatabaseModule {}
