// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IVault, Reason, TokenBook, WeiBook} from "../../../src/interfaces/IVault.sol";
import {Vm} from "../../support/Vm.sol";

/// Books that are kept from the Vault's events alone, by what IVault says of them: what an indexer must arrive at.
contract VaultIndexer {
    address private constant BURN = address(0xdEaD);

    mapping(bytes32 channelId => mapping(address payee => mapping(TokenBook => uint256))) public booked;
    mapping(bytes32 channelId => mapping(uint64 n => mapping(address payee => uint256))) public contested;
    mapping(address token => mapping(address account => uint256)) public balances;
    mapping(address account => mapping(WeiBook => uint256)) public weiBooks;
    mapping(bytes32 channelId => mapping(address payee => uint256)) public requested;
    mapping(bytes32 channelId => address) private payers;
    uint256 public tokenMoves;
    uint256 public weiMoves;

    function setPayer(bytes32 channelId, address payer) external {
        payers[channelId] = payer;
    }

    /// What the books hold when the reading of events begins.
    function setBooks(address account, uint256 free, uint256 stake, uint256 locked) external {
        weiBooks[account][WeiBook.Free] = free;
        weiBooks[account][WeiBook.Stake] = stake;
        weiBooks[account][WeiBook.Locked] = locked;
    }

    function readAll(Vm.Log[] calldata logs, address vault) external {
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].emitter == vault) read(logs[i]);
        }
    }

    function read(Vm.Log calldata log) public {
        bytes32 kind = log.topics[0];
        if (kind == IVault.TokenMoved.selector) readTokens(log);
        if (kind == IVault.WeiMoved.selector) readWei(log);
        if (kind == IVault.WithdrawalRequested.selector) {
            requested[log.topics[1]][asAddress(log.topics[2])] = abi.decode(log.data, (uint256));
        }
    }

    function readTokens(Vm.Log calldata log) private {
        tokenMoves++;
        (bytes32 channelId, address account, address token) =
            (log.topics[1], asAddress(log.topics[2]), asAddress(log.topics[3]));
        (uint64 n, TokenBook from, TokenBook to, uint256 amount, Reason reason) =
            abi.decode(log.data, (uint64, TokenBook, TokenBook, uint256, Reason));
        address owner = account;
        if (
            reason == Reason.Released || reason == Reason.WithdrawalExecuted
                || reason == Reason.ContestedReleased
        ) owner = payers[channelId];
        if (reason == Reason.Burnt) owner = BURN;
        if (reason == Reason.WithdrawalExecuted) {
            uint256 asked = requested[channelId][account];
            requested[channelId][account] = asked > amount ? asked - amount : 0;
        }
        if (reason == Reason.DebtServed || reason == Reason.DebtPaid) {
            booked[channelId][account][TokenBook.Owed] -= amount;
        }
        if (from == TokenBook.Balance) balances[token][account] -= amount;
        else if (from == TokenBook.Contested) contested[channelId][n][account] -= amount;
        else if (from == TokenBook.Line) booked[channelId][account][from] -= amount;
        if (to == TokenBook.Balance) balances[token][owner] += amount;
        else if (to == TokenBook.Contested) contested[channelId][n][account] += amount;
        else if (to != TokenBook.Outside) booked[channelId][account][to] += amount;
    }

    function readWei(Vm.Log calldata log) private {
        weiMoves++;
        (, WeiBook from, WeiBook to, uint256 amount,) =
            abi.decode(log.data, (uint64, WeiBook, WeiBook, uint256, Reason));
        if (from != WeiBook.Outside) weiBooks[asAddress(log.topics[2])][from] -= amount;
        if (to != WeiBook.Outside) weiBooks[asAddress(log.topics[3])][to] += amount;
    }

    function asAddress(bytes32 topic) private pure returns (address) {
        return address(uint160(uint256(topic)));
    }
}
