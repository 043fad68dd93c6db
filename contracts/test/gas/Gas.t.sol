// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Delegation} from "../../src/interfaces/BlockTypes.sol";
import {BlockResult, ChannelTerms} from "../../src/interfaces/ChannelTypes.sol";
import {GasMeter} from "./GasMeter.sol";

/// What each act costs as a transaction of its own; tools/gas.mjs makes docs/reference/gas.md of what it logs.
contract GasTest is GasMeter {
    event log_named_uint(string key, uint256 val);

    uint256 private constant PRICE = 1000;
    bytes32 private id;
    uint256 private count;

    /// forge-config: default.isolate = true
    function test_gas_3() external {
        measure(3);
    }

    /// forge-config: default.isolate = true
    function test_gas_16() external {
        measure(16);
    }

    function measure(uint256 participants_) private {
        count = participants_;
        measureOpening();
        measureBlock(0, false);
        measureBlock(1, true);
        measureQuarrel(2);
        measureVoid(4);
        measureExits();
        measureDebts(9);
        measureClosing();
        measureAccounts();
    }

    function measureOpening() private {
        ChannelTerms memory terms = openTerms(count);
        for (uint256 i = 1; i < count; i++) {
            terms.blockMaxNano[i] = uint64(PRICE);
        }
        bytes[] memory signatures = signaturesFor(count, channels.channelIdOf(terms));
        bytes[] memory boxes = boxesFor(count);
        id = channels.openChannel(terms, signatures, boxes);
        note("open");
        token.mint(address(this), 1e30);
        token.approve(address(vault), 1e30);
        for (uint8 i = 1; i < count; i++) {
            vault.deposit(id, i, 10 * PRICE);
            if (i == 1) note("deposit, the token's and line's first");
        }
        vault.deposit(id, 1, PRICE);
        note("deposit");
    }

    /// The second one finds accounts and counters that the first one filled.
    function measureBlock(uint64 n, bool isSteady) private {
        vm.warp(collationAt(n));
        BlockResult memory result = resultOf(count, uint64(PRICE), all());
        uint256 sum = 0;
        for (uint256 i = 0; i < count; i++) {
            post(id, n, i);
            sum += gasOfLastCall();
            if (isSteady && i == 0) note("post part, the block's first");
            if (isSteady && i == 1) note("post part, its second");
            if (isSteady && i == count - 1) note("post part, its last");
        }
        for (uint256 i = 0; i < count; i++) {
            commit(id, n, i, result, true);
            sum += gasOfLastCall();
            if (isSteady && i == count - 1) note("commit");
        }
        for (uint256 i = 0; i < count; i++) {
            reveal(id, n, i, result);
            sum += gasOfLastCall();
            if (isSteady && i == 0) note("reveal, the block's first");
            if (isSteady && i == count - 1) note("reveal, a later one");
        }
        settle(id, n, result);
        sum += gasOfLastCall();
        note(isSteady ? "settle" : "settle, everybody's first");
        emit log_named_uint(isSteady ? "all of a block" : "all of everybody's first block", sum);
    }

    /// Drawn validators with fees, one of them displaced, an own result, an acceptance, the lowest common.
    function measureQuarrel(uint64 n) private {
        BlockResult memory low = resultOf(count, 300, all());
        BlockResult memory high = resultOf(count, 500, all());
        postAll(id, n, count);
        Delegation memory one = delegationOf(id, n, 0, false);
        one.feeWei = 5;
        commit(one, commitmentOf(id, n, validator(0), low));
        note("commit for a fee");
        one.nonce = 2;
        commit(one, commitmentOf(id, n, validator(0), low));
        note("commit that displaces another");
        vm.warp(collationAt(n) + 20);
        reveal(id, n, 0, low);
        vm.warp(collationAt(n) + 40);
        revealOwn(id, n, 1, high);
        note("reveal an own result that opens a dispute");
        bytes32 hash = lens.outputHashOf(id, n, high);
        vm.prank(account(0));
        blocks.acceptResult(id, n, 0, hash);
        note("accept a result");
        vm.warp(collationAt(n) + 1040);
        settle(id, n, low, high);
        note("settle at the lowest common of two");
        vm.prank(account(0));
        vault.concede(id, n, 1);
        note("concede what is contested");
        vm.prank(account(2));
        vault.releaseContested(id, n);
        note("release what is contested");
    }

    function measureVoid(uint64 n) private {
        vm.warp(collationAt(n));
        for (uint256 i = 0; i < count; i++) {
            post(id, n, i);
        }
        vm.warp(collationAt(n) + 80);
        blocks.releaseVoid(id, n);
        note("release a void block's bonds");
    }

    function measureExits() private {
        vm.prank(account(0));
        vault.requestWithdrawal(id, 1, 10);
        note("request a withdrawal");
        vm.warp(collationAt(7) + 20);
        vault.executeWithdrawal(id, 1);
        note("execute a withdrawal");
        vm.prank(account(1));
        vault.release(id, 10);
        note("release of a line");
        vm.prank(account(1));
        vault.withdraw(address(token), account(1), 10);
        note("withdraw tokens");
    }

    function measureDebts(uint64 n) private {
        uint256 held = vault.line(id, 1).amount;
        vm.prank(account(1));
        vault.release(id, held);
        vm.warp(collationAt(n));
        finish(id, n, count, resultOf(count, uint64(PRICE), all()));
        settle(id, n, resultOf(count, uint64(PRICE), all()));
        vault.payDebt(id, 1, 10);
        note("pay a debt");
        vault.deposit(id, 1, 10);
        vm.warp(deadlineOfParts(BLOCKS_MAX));
        vault.serveDebt(id, 1);
        note("serve a debt");
        vault.deposit(id, 1, PRICE);
        note("deposit over a debt");
    }

    function measureClosing() private {
        vm.prank(account(0));
        channels.closeChannel(id);
        note("close");
        vault.executeWithdrawal(id, 1);
        note("execute a withdrawal, closed");
    }

    function measureAccounts() private {
        vm.deal(address(this), 1 ether);
        vault.depositWei{value: 1 ether}(account(1));
        note("deposit wei");
        vm.prank(account(1));
        vault.withdraw(address(0), address(0xf1e), 1 ether);
        note("withdraw wei");
        vm.prank(validator(1));
        validators.announceExit(1 ether);
        note("announce a validator's exit");
        vm.warp(block.timestamp + 90 days);
        vm.prank(validator(1));
        validators.completeExit();
        note("complete it");
    }

    function note(string memory what) private {
        emit log_named_uint(what, gasOfLastCall());
    }

    function all() private view returns (uint16) {
        return uint16((1 << count) - 1);
    }
}
