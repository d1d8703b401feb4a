import { Controller, Get, Header, NotFoundException, Param } from '@nestjs/common';
import { codePage } from '../pages/code.page.js';
import { SOURCES } from './sources.js';

/** Shows the source code of the showcase, so that each card can link to its code. */
@Controller('code')
export class CodeController {
  @Get('*path')
  @Header('Content-Type', 'text/html; charset=utf-8')
  show(@Param('path') segments: string[]): string {
    const path = segments.join('/');
    const source = SOURCES.get(path);
    if (source === undefined) throw new NotFoundException();
    return codePage(path, source, [...SOURCES.keys()]);
  }
}
