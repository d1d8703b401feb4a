import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OAuthClientModule } from 'nestjs-oauth-client';
class AppModule {}
const clients = { dev: { client_idd: 'dev' }, other: { authorizeUrl: 'x' } };
Module({ imports: [OAuthClientModule.forRoot({ clients })] })(AppModule);
await NestFactory.create(AppModule, { abortOnError: process.argv[2] === 'abort' });
